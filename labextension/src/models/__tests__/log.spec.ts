import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ILogChunk } from '../../wire';
import { LogSearch } from '../log-search';
import { KEPT_BYTES, LogWindow, byteLength, shownText } from '../log-window';
import { FakeApi } from './fakes';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A log that is read as the platform reads it: by bytes, characters kept whole. */
class LogApi extends FakeApi {
  bytes = new Uint8Array();
  ended = false;
  reads = 0;

  write(text: string): void {
    const added = encoder.encode(text);
    const { bytes } = this;
    this.bytes = new Uint8Array(bytes.length + added.length);
    this.bytes.set(bytes);
    this.bytes.set(added, bytes.length);
  }

  override log = (
    _id: string,
    offset: number,
    limit = 256_000
  ): Promise<ILogChunk> => {
    this.reads += 1;
    const { length: size } = this.bytes;
    const begin =
      offset < 0 ? Math.max(size + offset, 0) : Math.min(offset, size);
    let end = Math.min(begin + limit, size);
    while (end < size && (this.bytes[end] & 0xc0) === 0x80) {
      end -= 1;
    }
    const text = new TextDecoder()
      .decode(this.bytes.slice(begin, end))
      .replace(/\0/g, '');
    const complete = this.ended && end === size;
    return Promise.resolve({
      offset: begin,
      next_offset: end,
      size,
      text,
      complete
    });
  };
}

/** A log of numbered lines, each 100 bytes with its break. */
function numbered(count: number): string {
  const lines = Array.from({ length: count }, (_, at) =>
    `line ${at} ä`.padEnd(98, '.')
  );
  return lines.map(line => `${line}\n`).join('');
}

let api: LogApi;
let log: LogWindow;
let search: LogSearch;

beforeEach(() => {
  api = new LogApi();
  log = new LogWindow(api, 'j1');
  search = new LogSearch(api, 'j1');
});

afterEach(() => {
  log.dispose();
  search.dispose();
});

function texts(): string[] {
  return log.view.lines.map(({ text }) => text.split('.')[0]);
}

function checkOffsets(): void {
  const wrong = log.view.lines.filter(({ offset, text }) => {
    const end = offset + byteLength(text);
    return decoder.decode(api.bytes.subarray(offset, end)) !== text;
  });
  expect(wrong).toEqual([]);
}

describe('LogWindow', () => {
  it('should show the end of a long log, beginning with a whole line', async () => {
    api.write(numbered(10_000));

    await log.toEnd();

    expect(log.hasEarlier).toBe(true);
    expect(log.hasLater).toBe(false);
    expect(texts().at(-2)).toBe('line 9999 ä');
    expect(texts()[0]).toMatch(/^line \d+ ä$/);
    checkOffsets();
  });

  it('should add what is written, also to a line that was not finished', async () => {
    api.write('one\ntw');
    await log.later();
    expect(texts()).toEqual(['one', 'tw']);

    api.write('o\nthree\n');
    await log.later();

    expect(texts()).toEqual(['one', 'two', 'three', '']);
    checkOffsets();
  });

  it('should read on upwards without a seam', async () => {
    api.write(numbered(6_000));
    await log.toEnd();
    await log.earlier();
    await log.earlier();

    expect(log.hasEarlier).toBe(false);
    expect(texts()).toHaveLength(6_001);
    expect(texts()[0]).toBe('line 0 ä');
    checkOffsets();
  });

  it('should keep only a part of a log that is far larger', async () => {
    api.write(numbered(60_000));
    await log.toEnd();
    while (log.hasEarlier) {
      await log.earlier();
    }

    expect(log.view.end - log.view.start).toBeLessThanOrEqual(KEPT_BYTES + 200);
    expect(log.hasLater).toBe(true);
    checkOffsets();

    await log.later();

    expect(log.view.lines.every(({ text }) => text.length <= 98)).toBe(true);
    checkOffsets();
  });

  it('should show the part around a byte, and not read what is here', async () => {
    api.write(numbered(20_000));
    await log.toEnd();
    await log.toOffset(500_000);

    expect(log.view.lines.some(({ offset }) => offset === 500_000)).toBe(true);
    const { reads } = api;
    await log.toOffset(500_100);
    expect(api.reads).toBe(reads);
  });

  it('should not change where nothing is new', async () => {
    api.write('one\n');
    await log.later();
    const { view } = log;
    await log.later();

    expect(log.view).toBe(view);
  });

  it('should say when nothing more will come', async () => {
    api.write('one\n');
    await log.later();
    expect(log.view.complete).toBe(false);
    api.ended = true;
    await log.later();

    expect(log.view.complete).toBe(true);
  });

  it('should count the bytes of a log that has lost its front', async () => {
    api.bytes = new Uint8Array(1_000);
    api.write('kept\nlast\n');
    await log.toEnd();

    expect(texts()).toEqual(['kept', 'last', '']);
    checkOffsets();
  });

  it('should say what went wrong, and go on after', async () => {
    const { log: read } = api;
    api.log = () => Promise.reject(new Error('No answer.'));
    await log.later();
    expect(log.view.error).toBe('No answer.');

    api.log = read;
    api.write('one\n');
    await log.later();
    expect(log.view.error).toBeNull();
    expect(texts()).toEqual(['one', '']);
  });
});

describe('shownText()', () => {
  it('should leave a line as a terminal would', () => {
    expect(shownText('\u001b[32mgreen\u001b[0m')).toBe('green');
    expect(shownText('10 %\r50 %\r100 %\r')).toBe('100 %');
  });
});

describe('LogSearch', () => {
  it('should find every line of a log that is read piece by piece', async () => {
    api.write(numbered(30_000));
    await search.start('LINE 77');

    // 77, 770 to 779, 7700 to 7799: and nothing twice at the seams.
    const wanted = [77, 770, 779, 7700, 7799].map(line => line * 100);
    expect(search.view.matches).toHaveLength(111);
    expect(search.view.matches).toEqual(expect.arrayContaining(wanted));
    expect(search.view.searching).toBe(false);
    expect(api.reads).toBeGreaterThan(2);
  });

  it('should walk over the matches, and over the ends', async () => {
    api.write('a\nb\na\n');
    await search.start('a');
    expect(search.view.current).toBeNull();

    search.step(-1);
    expect(search.view.current).toBe(1);
    search.step(1);
    expect(search.view.current).toBe(0);
  });

  it('should search also what is written later, each line once', async () => {
    api.write('match\nmat');
    await search.start('match');
    expect(search.view.matches).toEqual([0]);

    api.write('ch\n');
    await search.extend();
    await search.extend();

    expect(search.view.matches).toEqual([0, 6]);
  });

  it('should find nothing by itself, and forget the search before', async () => {
    api.write('a\n');
    await search.start('a');
    await search.start('');

    expect(search.view.matches).toEqual([]);
    search.step(1);
    expect(search.view.current).toBeNull();
  });
});
