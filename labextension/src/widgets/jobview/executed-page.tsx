import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { IOutput } from '@jupyterlab/nbformat';
import { OutputModel } from '@jupyterlab/rendermime';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { useEffect, useRef, useState } from 'react';

import { executedName, readCells } from '../../models/executed';
import type { IExecutedCell } from '../../models/executed';
import { isEnded } from '../../wire';
import type { IJob } from '../../wire';
import { useViewContext } from '../view-context';

/** Milliseconds between two looks at a notebook that is running. */
const LOOK_MS = 1000;

/** The cells of a notebook that runs, or ran, as a job, with all that they gave. */
export function ExecutedPage({
  job,
  active
}: {
  job: IJob;
  active: boolean;
}): JSX.Element {
  const { model, trans } = useViewContext();
  const [cells, setCells] = useState<readonly IExecutedCell[] | null>(null);
  const { id } = job;
  const name = executedName(job);
  const ended = isEnded(job.state);
  useEffect(() => {
    if (!active || name === null) {
      return undefined;
    }
    let isCurrent = true;
    let last = '';
    const look = async (): Promise<void> => {
      try {
        const content = await model.api.jobFile(id, name);
        const text = JSON.stringify(content);
        if (isCurrent && text !== last) {
          last = text;
          setCells(readCells(content));
        }
      } catch {
        // It comes with the first save.
      }
    };
    void look();
    // After the end once more: the last save may come behind the news of the end.
    const timer = window.setInterval(() => void look(), LOOK_MS);
    const done = ended
      ? window.setTimeout(() => window.clearInterval(timer), 3 * LOOK_MS)
      : 0;
    return () => {
      isCurrent = false;
      window.clearInterval(timer);
      window.clearTimeout(done);
    };
  }, [model, id, name, active, ended]);
  const isCell = job.category === 'CELL';
  if (cells === null) {
    return <p className="jp-Platform-quiet">{trans.__('Nothing yet.')}</p>;
  }
  return (
    <div className="jp-Platform-executed">
      {cells.map((cell, number) => (
        <section key={number} aria-label={trans.__('Cell %1', number + 1)}>
          {isCell ? null : (
            <pre className={cell.isCode ? 'jp-Platform-source' : undefined}>
              {cell.source}
            </pre>
          )}
          {cell.outputs.map((output, place) => (
            <Output key={place} output={output} />
          ))}
        </section>
      ))}
      {isCell && cells.every(({ outputs }) => outputs.length === 0) ? (
        <p className="jp-Platform-quiet">
          {ended
            ? trans.__('The cell gave no output.')
            : trans.__('No output yet.')}
        </p>
      ) : null}
    </div>
  );
}

/** One output, drawn as a notebook draws it; HTML without what could be executed. */
function Output({ output }: { output: IOutput }): JSX.Element {
  const { rendermime } = useViewContext();
  const host = useRef<HTMLDivElement>(null);
  const content = JSON.stringify(output);
  useEffect(() => {
    if (!rendermime || !host.current) {
      return undefined;
    }
    const drawn = draw(
      JSON.parse(content) as IOutput,
      rendermime,
      host.current
    );
    return () => drawn?.dispose();
  }, [rendermime, content]);
  return <div ref={host} className="jp-Platform-output" />;
}

function draw(
  value: IOutput,
  rendermime: IRenderMimeRegistry,
  host: HTMLElement
): Widget | null {
  const model = new OutputModel({ value, trusted: false });
  const type = rendermime.preferredMimeType(model.data, 'ensure');
  if (type === undefined) {
    return null;
  }
  const renderer = rendermime.createRenderer(type);
  void renderer.renderModel(model);
  MessageLoop.sendMessage(renderer, Widget.Msg.BeforeAttach);
  host.replaceChildren(renderer.node);
  MessageLoop.sendMessage(renderer, Widget.Msg.AfterAttach);
  return renderer;
}
