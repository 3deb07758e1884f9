import type { Made } from '../../models/made';
import { useViewContext } from '../view-context';
import { Sample } from './examples';

/** What the networks of a job made at its end: pictures, numbers or text. */
export function MadePage({ made }: { made: Made }): JSX.Element {
  const { trans } = useViewContext();
  if (made.kind === 'text') {
    return (
      <pre
        className="jp-Platform-madeText"
        aria-label={trans.__('What the network wrote')}
      >
        <span className="jp-Platform-quiet">{made.start}</span>
        {made.text}
      </pre>
    );
  }
  return (
    <ul
      className="jp-Platform-examples"
      aria-label={trans.__('What the networks made')}
    >
      {made.values.map((value, number) => (
        <li key={number}>
          <Sample
            value={value}
            label={trans.__('made sample %1', number + 1)}
          />
        </li>
      ))}
    </ul>
  );
}
