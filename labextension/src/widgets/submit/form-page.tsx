import { useEffect, useMemo, useRef } from 'react';
import type { RefObject } from 'react';

import {
  applicableOptions,
  firstNetwork,
  sourcesOf,
  takesCode
} from '../../models/applicable';
import { controlOf } from '../../models/entries';
import { valueText } from '../../models/option-text';
import type { IFormView } from '../../models/form-view';
import type { SubmitForm } from '../../models/submit-form';
import { kindOf } from '../../models/kinds';
import type { IDataset, IFieldError } from '../../wire';
import { useView } from '../observed';
import { useViewContext } from '../view-context';
import { datasetChoices, poolChoices } from './choices';
import { Combobox } from './combobox';
import { Errors, Field } from './field';
import type { ErrorsByControl, IFormContext } from './field';
import { NetworkFields } from './network-fields';
import { OptionFields, StrategyField } from './option-fields';
import { SubmitSummary } from './submit-summary';

interface IPartProps extends IFormContext {
  view: IFormView;
}

/** Examples of what the text field takes, of options of networks and of code. */
const EXAMPLE = 'learning_rate=0.01\nbatch_size=64';
const EXAMPLE_OF_CODE = 'arguments=--lr 0.01\nmax_time=3600';

/** The whole form: what to do with what, how, and when that would start. */
export function FormPage({ form }: { form: SubmitForm }): JSX.Element {
  const { trans } = useViewContext();
  const view = useView(form);
  const page = useRef<HTMLFormElement>(null);
  const errors = useErrors(view);
  useFocus(page, view.focus);
  const part = { form, view, errors };
  return (
    <form
      ref={page}
      className="jp-Platform-form"
      noValidate
      aria-label={trans.__('Submit a job')}
      onSubmit={event => {
        event.preventDefault();
        void form.submit();
      }}
      onKeyDown={event => {
        const { key, ctrlKey, metaKey } = event;
        if (key === 'Enter' && (ctrlKey || metaKey)) {
          event.preventDefault();
          event.stopPropagation();
          void form.submit();
        } else if (
          key === 'Enter' &&
          event.target instanceof HTMLInputElement
        ) {
          // Submitting is asked for by its own key: Enter in a field must not start anything.
          event.preventDefault();
        }
      }}
    >
      <h1>{trans.__('Submit a job')}</h1>
      <What {...part} />
      <OptionFields {...part} />
      <Resources {...part} />
      <OptionText {...part} />
      <SubmitSummary {...part} />
    </form>
  );
}

function useErrors(view: IFormView): ErrorsByControl {
  return useMemo(() => {
    // Options that are not shown have no field of their own to stand at.
    const known = applicableOptions(view);
    const found = new Map<string, IFieldError[]>();
    for (const error of view.errors) {
      const control = controlOf(error, known, view.entries.networks);
      found.set(control, [...(found.get(control) ?? []), error]);
    }
    return found;
  }, [view]);
}

/** Bring the focus to the first thing that is wrong. */
function useFocus(page: RefObject<HTMLFormElement>, wish: number): void {
  useEffect(() => {
    if (wish === 0) {
      return;
    }
    const wrong = page.current?.querySelector<HTMLElement>('[data-invalid]');
    let part = wrong?.closest('details');
    while (part) {
      part.open = true;
      part = part.parentElement?.closest('details');
    }
    wrong?.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }, [page, wish]);
}

function What({ form, view, errors }: IPartProps): JSX.Element {
  const { entries, datasets } = view;
  const dataset = datasets?.find(
    ({ descriptor }) => descriptor.name === entries.dataset
  );
  return (
    <>
      <div className="jp-Platform-fields jp-mod-options">
        <TypeAndName {...{ form, view, errors }} />
        <StrategyField {...{ form, view, errors }} />
      </div>
      {takesCode(view) ? null : (
        <div className="jp-Platform-fields">
          <NetworkFields {...{ form, view, errors, dataset }} />
          <SourceField {...{ form, view, errors }} help={summaryOf(dataset)} />
        </div>
      )}
    </>
  );
}

function summaryOf(dataset: IDataset | undefined): string | undefined {
  return dataset?.descriptor.summary || dataset?.descriptor.title;
}

/** The dataset, or the pool that is learned from; nothing where experience is one's own. */
function SourceField({
  form,
  view,
  errors,
  help
}: IPartProps & { help: string | undefined }): JSX.Element | null {
  const { trans } = useViewContext();
  const { entries, datasets, pools } = view;
  const sources = sourcesOf(view);
  const isDataset = sources.includes('dataset');
  if (!isDataset && !sources.includes('pool')) {
    return null;
  }
  return (
    <Field
      {...{ form, errors }}
      control="dataset"
      label={isDataset ? trans.__('Dataset') : trans.__('Pool')}
      help={
        isDataset
          ? help
          : trans.__(
              'Experience of agents; without one the job acts in the environment itself.'
            )
      }
    >
      {control => (
        <Combobox
          {...control}
          value={entries.dataset}
          choices={
            isDataset
              ? datasetChoices(datasets, firstNetwork(view), trans)
              : poolChoices(pools, trans)
          }
          onChange={value => form.change({ dataset: value })}
          onOpen={() => form.lookAgain()}
        />
      )}
    </Field>
  );
}

function TypeAndName({ form, view, errors }: IPartProps): JSX.Element {
  const { trans } = useViewContext();
  const { entries, kinds } = view;
  const types = kinds?.map(({ name }) => name) ?? [entries.type];
  const on =
    entries.dataset || valueText(entries.options.get('environment') ?? null);
  const context = { form, errors };
  return (
    <>
      <Field
        {...context}
        control="type"
        label={trans.__('Type')}
        help={kindOf(kinds, entries.type)?.help}
      >
        {({ id, describedBy }) => (
          <div className="jp-Platform-select">
            <select
              id={id}
              value={entries.type}
              aria-describedby={describedBy}
              onChange={event => form.setType(event.target.value)}
            >
              {types.map(type => (
                <option key={type} value={type}>
                  {type}
                </option>
              ))}
            </select>
          </div>
        )}
      </Field>
      <Field
        {...context}
        control="name"
        label={trans.__('Name')}
        help={trans.__('For people; need not be unique.')}
      >
        {({ id, isInvalid, describedBy }) => (
          <input
            id={id}
            type="text"
            value={entries.name}
            aria-invalid={isInvalid}
            aria-describedby={describedBy}
            placeholder={
              takesCode(view)
                ? trans.__('name of the script')
                : entries.networks[0] && on
                  ? `${entries.networks[0]}-${on}`
                  : trans.__('network-dataset')
            }
            onChange={event => form.change({ name: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

function Resources({ form, view, errors }: IPartProps): JSX.Element {
  const { trans } = useViewContext();
  const { entries, check } = view;
  const fields = [
    ['cpus', trans.__('CPUs'), check && String(check.request.cpus)],
    ['memory', trans.__('Memory'), trans.__('such as 4GB')],
    ['gpus', trans.__('GPUs'), check && String(check.request.gpus)],
    ['priority', trans.__('Priority'), '0'],
    ['target_count', trans.__('Processes'), '1'],
    ['targets', trans.__('Hosts'), trans.__('any')],
    ['target_filter', trans.__('Filter of hosts'), '(memory>=16GB)']
  ] as const;
  const helps: { [name: string]: string } = {
    priority: trans.__('-100 to 100; higher goes first.'),
    target_count: trans.__('All start together and share the work.'),
    targets: trans.__('Names, with commas; each runs one process.'),
    target_filter: trans.__(
      'By name, arch, os, ip, cpus, memory, gpu, gpu_memory, learn, evaluate or act; each runs one process.'
    )
  };
  const given =
    entries.force_free !== '' || fields.some(([name]) => entries[name] !== '');
  return (
    <details open={given || undefined}>
      <summary>{trans.__('Resources and priority')}</summary>
      <div className="jp-Platform-fields">
        {fields.map(([name, label, placeholder]) => (
          <Field
            key={name}
            form={form}
            errors={errors}
            control={name}
            label={label}
            help={helps[name]}
          >
            {({ id, isInvalid, describedBy }) => (
              <input
                id={id}
                type="text"
                value={entries[name]}
                placeholder={placeholder ?? ''}
                aria-invalid={isInvalid}
                aria-describedby={describedBy}
                onChange={event => form.change({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <Field
          form={form}
          errors={errors}
          control="force_free"
          label={trans.__('Hosts of its own')}
          help={trans.__('They are free of other work, and stay so.')}
        >
          {({ id, isInvalid, describedBy }) => (
            <input
              id={id}
              type="checkbox"
              checked={entries.force_free !== ''}
              aria-invalid={isInvalid}
              aria-describedby={describedBy}
              onChange={event =>
                form.change({ force_free: event.target.checked ? 'true' : '' })
              }
            />
          )}
        </Field>
      </div>
    </details>
  );
}

function OptionText({ form, view, errors }: IPartProps): JSX.Element {
  const { trans } = useViewContext();
  const wrong = view.badWords.map(({ message }) => message);
  return (
    <Field
      form={form}
      errors={errors}
      control="text"
      label={trans.__('Options as text')}
      help={trans.__(
        'Lines of key=value, in step with the fields; DIANNE’s names work too. Several values in brackets, [0.1,0.01], make a sweep.'
      )}
    >
      {({ id, isInvalid, describedBy }) => (
        <>
          <textarea
            id={id}
            rows={Math.min(Math.max(form.text.split('\n').length, 3), 12)}
            spellCheck={false}
            value={form.text}
            aria-invalid={isInvalid || wrong.length > 0}
            aria-describedby={describedBy}
            placeholder={takesCode(view) ? EXAMPLE_OF_CODE : EXAMPLE}
            onChange={event => form.setText(event.target.value)}
            onBlur={() => form.leaveText()}
          />
          {wrong.map(message => (
            <p key={message} className="jp-Platform-error" role="alert">
              <span aria-hidden>✗</span> {message}
            </p>
          ))}
          <Errors form={form} errors={errors.get('') ?? []} />
        </>
      )}
    </Field>
  );
}
