import { expect, onTestFinished, test } from 'vitest';
import { startEcho } from '../../scripts/testbed/echo.ts';
import { startStream } from '../../scripts/testbed/stream.ts';

const once = { chunkBytes: 65_536, pauseMs: 0, totalBytes: 3_000_000 };

test('an echo gives every byte back', async () => {
  const echo = await startEcho();
  onTestFinished(echo.close);
  const streamed = await startStream({ host: '127.0.0.1', port: echo.port }, once).finish();
  expect(streamed).toEqual({ sent: 3_000_000, received: 3_000_000 });
});
