import { useEffect, useState } from 'react';

import { formatBytes } from '../../format';
import type { IJob, IJobFile } from '../../wire';
import { useViewContext } from '../view-context';

/** The files that a job has kept, each to be downloaded. */
export function FilesPage({ job }: { job: IJob }): JSX.Element {
  const { model, trans } = useViewContext();
  const [files, setFiles] = useState<readonly IJobFile[] | null>(null);
  const { id, state } = job;
  useEffect(() => {
    let isCurrent = true;
    model.api.jobFiles(id).then(
      found => isCurrent && setFiles(found),
      () => isCurrent && setFiles([])
    );
    return () => {
      isCurrent = false;
    };
  }, [model, id, state]);
  if (files === null) {
    return (
      <p className="jp-Platform-quiet">{trans.__('Reading the files…')}</p>
    );
  }
  if (files.length === 0) {
    return (
      <p className="jp-Platform-quiet">
        {trans.__('No files are kept. The option outputs says which are.')}
      </p>
    );
  }
  return (
    <ul className="jp-Platform-files" aria-label={trans.__('Files')}>
      {files.map(({ name, bytes }) => (
        <li key={name}>
          <a href={model.api.fileUrl(id, name)} download={baseName(name)}>
            {name}
          </a>{' '}
          <span className="jp-Platform-quiet">{formatBytes(bytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
