import { formatCount, formatValue } from '../../format';
import type { IAgent } from '../../models/agents';
import { useViewContext } from '../view-context';

/** What each agent of a job came to; nothing where it had but one. */
export function AgentTable({
  agents
}: {
  agents: readonly IAgent[];
}): JSX.Element | null {
  const { trans } = useViewContext();
  if (!agents.length) {
    return null;
  }
  const learns = agents.some(({ epoch }) => epoch !== null);
  const columns = [
    trans.__('agent'),
    trans.__('episodes'),
    trans.__('actions'),
    trans.__('mean return'),
    trans.__('best return'),
    ...(learns ? [trans.__('weights of iteration')] : [])
  ];
  const text = (value: number | null): string =>
    value === null ? '–' : formatValue(value);
  return (
    <section aria-label={trans.__('Agents')}>
      <h2>{trans.__('Agents')}</h2>
      <table className="jp-Platform-table">
        <thead>
          <tr>
            {columns.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {agents.map(item => (
            <tr key={item.agent}>
              <th scope="row">{item.agent}</th>
              <td className="jp-Platform-number">
                {formatCount(item.episodes)}
              </td>
              <td className="jp-Platform-number">
                {formatCount(item.actions)}
              </td>
              <td className="jp-Platform-number">{text(item.meanReturn)}</td>
              <td className="jp-Platform-number">{text(item.best)}</td>
              {learns ? (
                <td className="jp-Platform-number">
                  {item.epoch === null ? '–' : formatCount(item.epoch)}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
