import type { IOptionText } from '../wire';

/** Milliseconds without a key stroke after which the platform reads the text of the options. */
export const READ_DELAY_MS = 150;

/** Has a text read while it is being typed: the last one counts. */
export class OptionReader {
  /**
   * @param _read - what reads a text
   * @param _take - what takes the options of the text that was typed last
   * @param _fail - what takes the error where it could not be read
   */
  constructor(
    private readonly _read: (text: string) => Promise<IOptionText>,
    private readonly _take: (read: IOptionText) => void,
    private readonly _fail: (error: unknown) => void
  ) {}

  /** Whether there is a text that was not read yet. */
  get isBehind(): boolean {
    return this._text !== null;
  }

  /** Read a text soon. */
  type(text: string): void {
    this._text = text;
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.catchUp(), READ_DELAY_MS);
  }

  /** Read the text now, if that was not done. */
  async catchUp(): Promise<void> {
    window.clearTimeout(this._timer);
    const text = this._text;
    if (text === null) {
      return;
    }
    try {
      const read = await this._read(text);
      if (this._text === text) {
        this._text = null;
        this._take(read);
      }
    } catch (error) {
      this._text = null;
      this._fail(error);
    }
  }

  /** Read nothing any more. */
  stop(): void {
    window.clearTimeout(this._timer);
    this._text = null;
  }

  private _text: string | null = null;
  private _timer = 0;
}
