import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import { useEffect, useState } from 'react';

import { useViewContext } from './view-context';

/** Milliseconds for which a button says that it has copied. */
const SAID_MS = 2_000;

interface ICopyButtonProps {
  /** What is copied. */
  text: string;
  /** What the button does, such as `Copy traceback`. */
  label: string;
  /** Show the label beside the icon. */
  isWide?: boolean;
}

/** Copies a text, and says so. */
export function CopyButton({
  text,
  label,
  isWide = false
}: ICopyButtonProps): JSX.Element {
  const { trans } = useViewContext();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return undefined;
    }
    const timer = window.setTimeout(() => setCopied(false), SAID_MS);
    return () => window.clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? checkIcon : copyIcon;
  const said = copied ? trans.__('Copied') : label;
  return (
    <button
      type="button"
      className={isWide ? 'jp-Platform-button' : 'jp-Platform-iconButton'}
      title={said}
      aria-label={isWide ? undefined : said}
      onClick={() => {
        Clipboard.copyToSystem(text);
        setCopied(true);
      }}
    >
      <Icon.react tag="span" width="14px" height="14px" />
      {isWide ? <span aria-live="polite">{said}</span> : null}
    </button>
  );
}
