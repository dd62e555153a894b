import { defineConfig } from 'vitest/config';

/** Tests of what is no part of src, or that read its text: a mutated tree's text is another. */
const folders = ['e2e', 'process', 'minikube', 'api', 'mutation', 'rig', 'vm', 'bench', 'pins', 'package', 'testbed'];
const files = ['architecture', 'golden/error-ids', 'plain', 'readme', 'examples', 'fuzz', 'connections'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...folders.map((folder) => `test/${folder}/**`), ...files.map((file) => `test/${file}.test.ts`)],
    testTimeout: 15_000,
    expect: { requireAssertions: true, poll: { interval: 5, timeout: 5_000 } },
    isolate: false,
  },
});
