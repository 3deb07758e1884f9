import { useEffect, useState } from 'react';

import { entriesOf, submissionOf } from '../../models/entries';
import { defaultRequest } from '../../models/kinds';
import { magicLine, terminalLine, valueText } from '../../models/option-text';
import type { IJob, IOptionProperty, IOptionSchema } from '../../wire';
import { CopyButton } from '../copy-button';
import { useViewContext } from '../view-context';

/** Every option of the job with its value, and the lines that submit it again. */
export function OptionsPage({ job }: { job: IJob }): JSX.Element {
  const { model, trans } = useViewContext();
  const schema = useSchema(job);
  const hasGpus = (model.state.status?.gpus.total ?? 0) > 0;
  const submission = submissionOf(
    entriesOf(job, defaultRequest(model.state.kinds, job.type, hasGpus))
  );
  const names = new Set([
    ...Object.keys(job.options),
    ...Object.keys(job.given)
  ]);
  return (
    <>
      <table className="jp-Platform-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('option')}</th>
            <th scope="col">{trans.__('value')}</th>
            <th scope="col">{trans.__('from')}</th>
          </tr>
        </thead>
        <tbody>
          {[...names].map(name => (
            <OptionRow
              key={name}
              {...{ job, name }}
              property={schema?.properties[name]}
            />
          ))}
        </tbody>
      </table>
      <CommandLine
        title={trans.__('The same in a notebook')}
        line={magicLine(submission)}
      />
      <CommandLine
        title={trans.__('The same in a terminal')}
        line={terminalLine(submission)}
      />
    </>
  );
}

function OptionRow({
  job: { options, given },
  name,
  property
}: {
  job: IJob;
  name: string;
  property: IOptionProperty | undefined;
}): JSX.Element {
  const { trans } = useViewContext();
  const value = options[name] ?? null;
  const isGiven = name in given;
  return (
    <tr data-given={isGiven || undefined}>
      <th scope="row" title={property?.description}>
        {name}
      </th>
      <td>
        {value === null
          ? (property?.default_text ?? trans.__('not set'))
          : `${valueText(value)} ${property?.unit ?? ''}`}
      </td>
      <td>{isGiven ? trans.__('given') : trans.__('default')}</td>
    </tr>
  );
}

/** A line of code that can be copied. */
export function CommandLine({
  title,
  line
}: {
  title: string;
  line: string;
}): JSX.Element {
  const { trans } = useViewContext();
  return (
    <div className="jp-Platform-commandLine">
      <span>{title}</span>
      <code>{line}</code>
      <CopyButton text={line} label={trans.__('Copy this line')} />
    </div>
  );
}

function useSchema({ type }: IJob): IOptionSchema | null {
  const { model } = useViewContext();
  const [schema, setSchema] = useState<IOptionSchema | null>(null);
  useEffect(() => {
    let here = true;
    model.api.optionSchema(type).then(
      found => here && setSchema(found),
      // Only the explanations are missing then.
      () => undefined
    );
    return () => {
      here = false;
    };
  }, [model, type]);
  return schema;
}
