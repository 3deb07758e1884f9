import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import type { IJobTransition, IPlatformModel } from '../tokens';
import { stateLabel } from './state';
import { useViewContext } from './view-context';

/** Milliseconds for which changes are gathered before they are read aloud. */
const GATHER_MS = 1_000;
/** More changes than this at once are only counted. */
const MOST = 3;

/** Tells a screen reader, politely, which jobs changed their state. */
export function Announcer(): JSX.Element {
  const { model, trans } = useViewContext();
  const [text, setText] = useState('');
  useEffect(() => {
    let gathered: string[] = [];
    let timer = 0;
    const tell = (): void => {
      const count = gathered.length;
      const many = trans._n('%1 job changed.', '%1 jobs changed.', count);
      setText(count > MOST ? many : gathered.join(' '));
      gathered = [];
      timer = 0;
    };
    const onTransition = (_: IPlatformModel, change: IJobTransition): void => {
      gathered.push(sentence(change, trans));
      timer ||= window.setTimeout(tell, GATHER_MS);
    };
    model.jobTransition.connect(onTransition);
    return () => {
      model.jobTransition.disconnect(onTransition);
      window.clearTimeout(timer);
    };
  }, [model, trans]);
  return (
    <p className="jp-Platform-visuallyHidden" aria-live="polite">
      {text}
    </p>
  );
}

function sentence(
  { job, to }: IJobTransition,
  trans: TranslationBundle
): string {
  return to === null
    ? trans.__('%1 was deleted.', job.name)
    : trans.__('%1: %2.', job.name, stateLabel(to, trans));
}
