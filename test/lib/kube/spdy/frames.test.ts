import { createInflate } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  dataHead,
  frameReader,
  openFrame,
  pingFrame,
  resetFrame,
  type SpdyFrame,
} from '../../../../src/lib/kube/spdy/frames.ts';

const read = (bytes: Buffer, piece: number): readonly SpdyFrame[] => {
  const frames: SpdyFrame[] = [];
  const take = frameReader((frame) => frames.push(frame));
  for (let at = 0; at < bytes.length; at += piece) take(bytes.subarray(at, at + piece));
  return frames;
};

const control = (type: number, payload: readonly number[], flags = 0): Buffer =>
  Buffer.from([0x80, 3, 0, type, flags, 0, 0, payload.length, ...payload]);

test('frames are read however they are cut', () => {
  const bytes = Buffer.concat([
    control(2, [0, 0, 0, 3, 1, 2, 3]),
    ...[dataHead(3, 5), Buffer.from('hello')],
    ...[
      dataHead(3, 0, true),
      pingFrame(2),
      control(4, [0, 0, 0, 0]),
      resetFrame(1),
      control(7, [0, 0, 0, 3, 0, 0, 0, 0]),
    ],
  ]);
  const others = ['reply', 'data', 'ping', 'other', 'reset', 'goAway'];
  for (const piece of [1, 3, 8, bytes.length]) {
    const frames = read(bytes, piece);
    const data = frames.filter((frame) => frame.kind === 'data');
    expect(Buffer.concat(data.map((frame) => frame.bytes)).toString()).toBe('hello');
    expect(data.map(({ end }) => end)).toEqual([...data.slice(1).map(() => false), true]);
    expect([...new Set(frames.map(({ kind }) => kind))]).toEqual(others);
    expect(frames.find(({ kind }) => kind === 'reply')).toEqual({ kind: 'reply', stream: 3, end: false });
    expect(frames.find(({ kind }) => kind === 'ping')).toEqual({ kind: 'ping', id: 2 });
    expect(frames.find(({ kind }) => kind === 'reset')).toEqual({ kind: 'reset', stream: 1, end: true });
  }
});

test('only the last piece of a data frame with the flag is the end', () => {
  const frames = read(Buffer.concat([dataHead(5, 4, true), Buffer.from('last')]), 2);
  expect(frames.flatMap((frame) => (frame.kind === 'data' ? [frame.end] : []))).toEqual(
    [false, true].slice(-frames.length),
  );
});

/** Headers of the frames of one connection, as a reader with zlib sees them. */
const inflateHeaders = async (frames: readonly Buffer[]): Promise<readonly string[]> => {
  const inflate = createInflate();
  const seen: string[] = [];
  inflate.on('data', (bytes: Buffer) => seen.push(bytes.toString('latin1').replaceAll('\0', '.')));
  for (const frame of frames) {
    await new Promise<void>((resolve) => inflate.write(frame.subarray(18), () => resolve()));
  }
  inflate.destroy();
  return seen;
};

test('headers of all streams are one zlib stream, and names are in lower case', async () => {
  const first = openFrame(1, { streamType: 'error', port: '28000' }, { end: true, isFirst: true });
  const second = openFrame(3, { streamType: 'data' }, { end: false, isFirst: false });
  expect([...first.subarray(0, 18)]).toEqual([0x80, 3, 0, 1, 1, 0, 0, first.length - 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(second[4]).toBe(0);
  expect(await inflateHeaders([first, second])).toEqual([
    '...\x02...\nstreamtype...\x05error...\x04port...\x0528000',
    '...\x01...\nstreamtype...\x04data',
  ]);
});
