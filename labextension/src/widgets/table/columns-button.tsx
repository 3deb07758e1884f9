import type { IColumn } from '../../models/job-columns';
import { useViewContext } from '../view-context';

interface IColumnsButtonProps {
  columns: readonly IColumn[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

/** A list of the columns, in which they are shown and hidden. */
export function ColumnsButton({
  columns,
  hidden,
  onToggle
}: IColumnsButtonProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <details className="jp-Platform-columns">
      <summary className="jp-Platform-button">{trans.__('Columns')}</summary>
      <ul>
        {columns.map(({ id, label }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={!hidden.has(id)}
                onChange={() => onToggle(id)}
              />
              {label}
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}
