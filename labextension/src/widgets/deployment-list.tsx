import type { TranslationBundle } from '@jupyterlab/translation';

import { MarketCommandIDs } from '../market-commands';
import {
  deploymentSentence,
  quickAccess,
  shownDeployments
} from '../models/deployments';
import type { IPlatformState } from '../tokens';
import type { DeploymentState, IDeployment } from '../wire';
import { Section } from './job-list';
import { run, useViewContext } from './view-context';

/** Each state has a shape of its own beside its word. */
const MARKS: { readonly [state in DeploymentState]: string } = {
  queued: '○',
  error: '▲',
  starting: '◔',
  running: '▶',
  stopping: '◑',
  down: '▲',
  failed: '✕',
  complete: '✓',
  stopped: '■'
};

interface IDeploymentSectionProps {
  state: IPlatformState;
  open: boolean;
  onToggle: () => void;
}

/** The deployments that have not ended, and those that failed; nothing where there are none. */
export function DeploymentSection({
  state,
  open,
  onToggle
}: IDeploymentSectionProps): JSX.Element | null {
  const { trans } = useViewContext();
  const shown = shownDeployments(state.deployments);
  return shown.length === 0 ? null : (
    <Section
      title={trans.__('Deployments')}
      count={shown.length}
      open={open}
      onToggle={onToggle}
    >
      <ul className="jp-Platform-jobs">
        {shown.map(deployment => (
          <DeploymentRow key={deployment.id} deployment={deployment} />
        ))}
      </ul>
    </Section>
  );
}

function DeploymentRow({
  deployment
}: {
  deployment: IDeployment;
}): JSX.Element {
  const { commands, model, trans } = useViewContext();
  const { id, title, item_title, service, state } = deployment;
  const path = quickAccess(deployment);
  const sentence = deploymentSentence(deployment);
  return (
    <li
      className="jp-Platform-job jp-Platform-deployment"
      data-deployment={id}
      data-state={state}
    >
      <button
        className="jp-Platform-job-main"
        aria-label={trans.__('%1, %2: %3', title, item_title, state)}
        onClick={() =>
          run(commands, MarketCommandIDs.openDeployment, { deployment: id })
        }
      >
        <span aria-hidden>{MARKS[state]}</span>
        <span
          className="jp-Platform-job-name"
          title={`${title}: ${item_title}`}
        >
          <span className="jp-Platform-job-own">{title}</span>
        </span>
        <span className="jp-Platform-job-type">{service.toUpperCase()}</span>
        <span className="jp-Platform-job-time">{state}</span>
        {sentence ? (
          <span
            className="jp-Platform-job-detail jp-mod-clamped"
            title={sentence}
          >
            {sentence}
          </span>
        ) : null}
      </button>
      {path ? (
        <OpenLink url={model.api.pageUrl(path)} title={title} trans={trans} />
      ) : null}
    </li>
  );
}

function OpenLink({
  url,
  title,
  trans
}: {
  url: string;
  title: string;
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <a
      className="jp-Platform-deployment-open"
      href={url}
      target="_blank"
      rel="noopener"
      aria-label={trans.__('Open %1', title)}
    >
      {trans.__('open')} ↗
    </a>
  );
}
