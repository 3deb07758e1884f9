import type { DeploymentState, EventMessage, IDeployment } from '../wire';

type Deployments = ReadonlyMap<string, IDeployment>;

/** States in which a deployment holds nothing. */
const ENDED: readonly DeploymentState[] = ['failed', 'complete', 'stopped'];

/** Whether a deployment runs again only when somebody starts it. */
export function hasEnded({ state }: IDeployment): boolean {
  return ENDED.includes(state);
}

/** What the sidebar shows: all that has not ended, and what failed; the newest first. */
export function shownDeployments(deployments: Deployments): IDeployment[] {
  return [...deployments.values()]
    .filter(item => !hasEnded(item) || item.state === 'failed')
    .sort((one, other) => (one.created < other.created ? 1 : -1));
}

/** Fold a message about a deployment into what is known; any other changes nothing. */
export function withDeployment(
  deployments: Deployments,
  message: EventMessage
): Deployments {
  if (message.type === 'deployment') {
    const { deployment } = message;
    return new Map(deployments).set(deployment.id, deployment);
  }
  if (message.type === 'deployment_deleted') {
    const rest = new Map(deployments);
    rest.delete(message.deployment_deleted);
    return rest;
  }
  return deployments;
}

/** Take over why deployments wait. */
export function withDeploymentReasons(
  deployments: Deployments,
  { reasons }: Extract<EventMessage, { type: 'reasons' }>
): Deployments {
  const told = Object.entries(reasons).flatMap(([id, reason]) => {
    const deployment = deployments.get(id);
    return deployment ? [[id, { ...deployment, reason }] as const] : [];
  });
  return told.length ? new Map([...deployments, ...told]) : deployments;
}

/** How far a deployment is, or why it is not further, as a sentence; null where it just runs. */
export function deploymentSentence({
  state,
  phase,
  reason,
  error
}: IDeployment): string | null {
  if (state === 'failed' && error) {
    return error.message.split('\n', 1)[0];
  }
  if (state === 'starting' && phase) {
    return phase.text || phase.name;
  }
  return state === 'running' ? null : reason;
}

/** The service that quick access opens; null while it does not answer. */
export function quickAccess({
  state,
  service,
  endpoints
}: IDeployment): string | null {
  const main = endpoints.find(end => end.service === service && end.alive);
  return state === 'running' && main ? main.path : null;
}
