import { appendFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { SuiteEvent } from './events.ts';

const nameOf = ({ module, fullName }: TestCase | TestSuite): string => `${module.relativeModuleId} > ${fullName}`;

const endOf = (test: TestCase): SuiteEvent => {
  const { state } = test.result();
  // what never came to run has not passed
  const ended = state === 'pending' ? 'failed' : state;
  return { event: 'end', name: nameOf(test), state: ended, retries: test.diagnostic()?.retryCount ?? 0 };
};

const errorsOf = (module: TestModule): readonly SuiteEvent[] =>
  [module, ...module.children.allSuites()].flatMap((group) => {
    const where = group.type === 'module' ? group.relativeModuleId : nameOf(group);
    return group.errors().map(({ message }) => ({ event: 'error', where, message }) as const);
  });

/**
 * Writes what a suite does to a file, each event at once, so that the file is whole up to the moment at which the suite
 * is killed. Vitest's own reports are written at the end only.
 */
export const makeEventReporter = (path: string): Reporter => {
  const write = (event: SuiteEvent): void => appendFileSync(path, `${JSON.stringify(event)}\n`);
  const told = new Set<string>();
  const tellEnd = (test: TestCase): void => {
    if (told.has(test.id)) return;
    told.add(test.id);
    write(endOf(test));
  };
  return {
    onTestCaseReady: (test) => write({ event: 'start', name: nameOf(test) }),
    onTestCaseResult: tellEnd,
    onTestModuleEnd: (module) => {
      for (const test of module.children.allTests()) tellEnd(test);
      for (const error of errorsOf(module)) write(error);
    },
    onTestRunEnd: (_, unhandled) => {
      for (const { message } of unhandled) write({ event: 'error', where: 'outside of all tests', message });
      write({ event: 'done' });
    },
  };
};
