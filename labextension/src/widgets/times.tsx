import { useEffect, useState } from 'react';

import { formatAge, formatAgo, formatUtc } from '../format';
import { useViewContext } from './view-context';

/** Milliseconds after which relative times are told anew. */
const REFRESH_MS = 30_000;

interface IRelativeTimeProps {
  iso: string;
  /** As `2 h` instead of `2 h ago`, where a column of times is narrow. */
  short?: boolean;
}

/** A time as people say it, with the exact one on hover. */
export function RelativeTime({
  iso,
  short = false
}: IRelativeTimeProps): JSX.Element {
  const { trans } = useViewContext();
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
      {short ? formatAge(iso, trans) : formatAgo(iso, trans)}
    </time>
  );
}
