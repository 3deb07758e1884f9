import { closeIcon, fileUploadIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useRef } from 'react';

import { rolesOf } from '../../models/applicable';
import type { IFormView } from '../../models/form-view';
import type { SubmitForm } from '../../models/submit-form';
import type { IDataset, INetwork } from '../../wire';
import { useViewContext } from '../view-context';
import { networkChoices } from './choices';
import { Combobox } from './combobox';
import { Field } from './field';
import type { IFormContext } from './field';

interface INetworkFieldsProps extends IFormContext {
  view: IFormView;
  dataset: IDataset | undefined;
}

/** The networks in their order: one for each role, or as many as are wanted. */
export function NetworkFields(props: INetworkFieldsProps): JSX.Element {
  const { form, view, errors, dataset } = props;
  const { trans } = useViewContext();
  const { entries, networks, strategies } = view;
  const roles = rolesOf(view);
  const count = Math.max(roles?.length ?? entries.networks.length, 1);
  // Several networks do not all take samples of the dataset.
  const fitting = count === 1 ? dataset : undefined;
  return (
    <>
      {Array.from({ length: count }, (_, position) => {
        const name = entries.networks[position] ?? '';
        const label = labelOf(position, count, roles, trans);
        return (
          <Field
            key={position}
            form={form}
            errors={errors}
            control={`network.${position}`}
            label={label}
            help={
              view.uploading === null
                ? [helpOf(networks, name), ...view.uploadNotes]
                    .filter(Boolean)
                    .join(' ')
                : trans.__('Uploading %1…', view.uploading)
            }
          >
            {control => (
              <div className="jp-Platform-network">
                <Combobox
                  {...control}
                  value={name}
                  choices={networkChoices(networks, fitting, trans)}
                  onChange={value => form.setNetwork(position, value)}
                />
                <Upload
                  {...{ form, position }}
                  isBusy={view.uploading !== null}
                />
                {roles === null && position > 0 ? (
                  <button
                    type="button"
                    className="jp-Platform-iconButton"
                    aria-label={trans.__('Leave out: %1', label)}
                    title={trans.__('Leave out')}
                    onClick={() => form.removeNetwork(position)}
                  >
                    <closeIcon.react tag="span" width="14px" height="14px" />
                  </button>
                ) : null}
              </div>
            )}
          </Field>
        );
      })}
      {roles === null && strategies !== null ? (
        <button
          type="button"
          className="jp-Platform-link jp-Platform-addNetwork"
          onClick={() => form.setNetwork(count, '')}
        >
          {trans.__('Add a network')}
        </button>
      ) : null}
    </>
  );
}

/** Names of files that hold a network. */
const FILES = '.zip,.onnx,.json,.safetensors,.txt,.py';

interface IUploadProps {
  form: SubmitForm;
  position: number;
  isBusy: boolean;
}

/** A button that takes a network from a file of this machine. */
function Upload({ form, position, isBusy }: IUploadProps): JSX.Element {
  const { trans } = useViewContext();
  const chooser = useRef<HTMLInputElement>(null);
  const label = trans.__(
    'Upload a network: a torch module (.py), an archive, ONNX, DIANNE’s, a description or weights'
  );
  return (
    <>
      <button
        type="button"
        className="jp-Platform-iconButton"
        disabled={isBusy}
        aria-label={label}
        title={label}
        onClick={() => chooser.current?.click()}
      >
        <fileUploadIcon.react tag="span" width="14px" height="14px" />
      </button>
      <input
        ref={chooser}
        type="file"
        hidden
        accept={FILES}
        aria-label={trans.__('File of a network')}
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = ''; // the same file may be chosen again
          if (file) {
            void form.uploadNetwork(position, file);
          }
        }}
      />
    </>
  );
}

function labelOf(
  position: number,
  count: number,
  roles: readonly string[] | null,
  trans: TranslationBundle
): string {
  if (count === 1) {
    return trans.__('Network');
  }
  return roles
    ? trans.__('Network: %1', roles[position])
    : trans.__('Network %1', position + 1);
}

function helpOf(
  networks: readonly INetwork[] | null,
  name: string
): string | undefined {
  const found = networks?.find(
    ({ description }) => description.name === name.trim()
  );
  return found?.description.summary || found?.description.title;
}
