import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { hostToast, jobToasts } from '../models/toasts';
import { SweepToasts } from '../models/sweep-toasts';
import type { IToast } from '../models/toasts';
import { EXTENSION_ID, IPlatformModel, TRANSLATION_DOMAIN } from '../tokens';
import type { IJobTransition } from '../tokens';
import { run } from '../widgets/view-context';
import { DEFAULT_SETTINGS, followSettings } from './settings';

/** Milliseconds for which changes are gathered, so that many become one message. */
const GATHER_MS = 800;
/** Milliseconds after which a message folds into JupyterLab's list of notifications. */
const SHOWN_MS = 6_000;
/** The same of a failure, of which more has to be read. */
const FAILURE_SHOWN_MS = 20_000;

/** Tells when jobs change their state and what happens to hosts. */
export const toasts: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:toasts`,
  description: 'The notifications of the platform.',
  autoStart: true,
  requires: [IPlatformModel],
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    let settings = DEFAULT_SETTINGS;
    void followSettings(registry, latest => {
      settings = latest;
    });
    const sweeps = new SweepToasts();
    let gathered: IJobTransition[] = [];
    let timer = 0;
    const tell = (): void => {
      timer = 0;
      const changes = gathered;
      gathered = [];
      const { rest, toasts } = sweeps.take(
        changes,
        model.state,
        settings,
        trans
      );
      [...toasts, ...jobToasts(rest, settings, trans)].forEach(toast =>
        show(toast, commands)
      );
    };
    model.jobTransition.connect((_, change) => {
      gathered.push(change);
      timer ||= window.setTimeout(tell, GATHER_MS);
    });
    model.notified.connect((_, notification) => {
      const toast = hostToast(notification, settings, trans);
      if (toast) {
        show(toast, commands);
      }
    });
  }
};

function show(toast: IToast, commands: CommandRegistry): void {
  Notification.emit(toast.message, toast.level, {
    autoClose: toast.isFailure ? FAILURE_SHOWN_MS : SHOWN_MS,
    actions: toast.actions.map(({ label, command, args }) => ({
      label,
      callback: () => run(commands, command, args)
    }))
  });
}
