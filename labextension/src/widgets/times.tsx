import { useEffect, useState } from 'react';

import { formatAgo, formatUtc } from '../format';
import { useSurroundings } from './surroundings';

/** Milliseconds after which relative times are told anew. */
const REFRESH_MS = 30_000;

/** A time as people say it, with the exact one on hover. */
export function RelativeTime({ iso }: { iso: string }): JSX.Element {
  const { trans } = useSurroundings();
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) {
        setNow(Date.now());
      }
    }, REFRESH_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={iso} title={formatUtc(iso)}>
      {formatAgo(iso, trans)}
    </time>
  );
}
