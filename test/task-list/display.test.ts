import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { showSteps } from '../../src/task-list/display.ts';
import { runSteps } from '../../src/task-list/run.ts';
import { stepsOf } from '../../src/task-list/step.ts';

const build = stepsOf<object>()({
  title: 'Build',
  run: async (_, __, { report }) => {
    for (const count of [1, 2, 3]) {
      // the list draws its rows before it takes anything for them
      await pause(20);
      report({ name: 'etcd', state: 'building', detail: `${count} of 3`, phase: 'working', elapsedMs: count * 1_000 });
    }
    return undefined;
  },
});

test('the live list gets every update', async () => {
  const written: string[] = [];
  // where stdout is no terminal, as here, listr2 writes each output of a row as a line there
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const { display, drawn } = showSteps([build], 'tree');
    await runSteps([build], {}, { display, signal: new AbortController().signal });
    await drawn;
  } finally {
    spy.mockRestore();
  }
  const text = written.join('');
  for (const count of [1, 2, 3]) expect(text).toContain(`etcd: building ${count} of 3, 0:0${count}`);
});
