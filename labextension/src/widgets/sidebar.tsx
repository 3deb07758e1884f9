import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import type { IStatus } from '../wire';

interface ISidebarProps {
  fetchVersion: () => Promise<IStatus>;
  trans: TranslationBundle;
}

function SidebarContent({ fetchVersion, trans }: ISidebarProps): JSX.Element {
  const [text, setText] = useState(trans.__('Connecting…'));

  useEffect(() => {
    let mounted = true;
    const show = (sentence: string): void => {
      if (mounted) {
        setText(sentence);
      }
    };
    fetchVersion().then(
      ({ version }) => show(trans.__('Version %1', version)),
      (reason: unknown) =>
        show(
          trans.__(
            'The platform does not answer: %1',
            reason instanceof Error ? reason.message : String(reason)
          )
        )
    );
    return () => {
      mounted = false;
    };
  }, [fetchVersion, trans]);

  return (
    <>
      <h2>{trans.__('Platform')}</h2>
      <p role="status">{text}</p>
    </>
  );
}

/** The sidebar: says which platform this JupyterLab is connected to. */
export class Sidebar extends ReactWidget {
  constructor(props: ISidebarProps) {
    super();
    this._props = props;
    this.addClass('jp-Platform-Sidebar');
  }

  protected override render(): JSX.Element {
    return <SidebarContent {...this._props} />;
  }

  private readonly _props: ISidebarProps;
}
