import { defineConfig } from 'vitest/config';
import { makeEventReporter } from './scripts/ci/event-reporter.ts';
import { suiteFiles } from './scripts/ci/suite-files.ts';

/** Where CI reads what a suite does. */
const events = process.env['CI_TEST_EVENTS'];

/** A test that checks nothing cannot fail. */
const expect = { requireAssertions: true };

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
      reportsDirectory: 'reports/coverage',
    },
    reporters: ['default', ...(events ? [makeEventReporter(events)] : [])],
    globalSetup: ['test/support/leftovers.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          ...suiteFiles.unit,
          globalSetup: 'test/support/properties/announce.ts',
          testTimeout: 15_000,
          expect: { ...expect, poll: { interval: 5, timeout: 5_000 } },
          // no test changes what another file's tests see, and most of the time would go to loading modules again
          isolate: false,
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'process',
          ...suiteFiles.process,
          testTimeout: 120_000,
          // no requireAssertions: its tests run side by side, see test/assertions.test.ts
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'api',
          ...suiteFiles.api,
          globalSetup: 'test/support/api/global-setup.ts',
          testTimeout: 240_000,
          hookTimeout: 300_000,
          expect: { requireAssertions: true, poll: { interval: 20, timeout: 30_000 } },
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          // what `auto` takes depends on the machine
          env: { TASKGATE_PROVIDER: 'native' },
          ...suiteFiles.e2e,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          expect,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'docs',
          ...suiteFiles.docs,
          env: { TASKGATE_PROVIDER: 'native' },
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'minikube',
          // CI's other lane has e2e's port, and on a machine with Minikube both are in one network
          env: { TASKGATE_MASTER_PORT: '18070' },
          ...suiteFiles.minikube,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect,
          fileParallelism: false,
        },
      },
    ],
  },
});
