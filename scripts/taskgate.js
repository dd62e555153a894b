#!/usr/bin/env sh
':' //; exec node -- "$0" "$@"
// Two languages: sh reads the line above and starts Node.js; to JavaScript it is a string and a comment. `--`: without it
// Node.js takes --env-file for its own, and ends where there is no such file yet; busybox has no `env -S`.
// Plain JavaScript that Node.js 12 can read, so that it can hand over to the pinned one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPinnedNode, isCheckout } from './pinned-node.js';

// undici 8 needs 22.19; 23 got the zstd that it also needs only with 23.8, and is out of support. Types are stripped
// without a warning on stderr from 22.18 and 24.3 on. The same as `engines` in package.json.
const oldest = '22.19 (22.x) or 24.3';
const isNewEnough = ([major, minor]) => major > 24 || (major === 24 && minor >= 3) || (major === 22 && minor >= 19);

const refuse = (problem) => {
  const remedy = isCheckout
    ? 'run `npm ci` in the folder of taskgate, which installs the right one, or install a newer Node.js'
    : 'install a newer Node.js';
  process.stderr.write(
    `taskgate needs Node.js ${oldest} or newer, this is ${process.versions.node}${problem ? `, ${problem}` : ''}.\n` +
      `To fix: ${remedy}.\n`,
  );
  process.exitCode = 3;
};

const handOver = (node) => {
  const child = spawn(node, ['--', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, forward);
  process.on('SIGINT', () => undefined); // the terminal sends it to both
  child.on('error', ({ message }) => refuse(`and the pinned one does not start: ${message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + ({ SIGHUP: 1, SIGINT: 2 }[signal] || 15) : code;
  });
};

if (isNewEnough(process.versions.node.split('.').map(Number))) {
  // a package has no TypeScript: Node.js strips no types below node_modules
  (isCheckout ? import('../src/cli/main.ts') : import('../dist/src/cli/main.js'))
    .then(({ main }) => main(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  const { node, problem } = findPinnedNode();
  if (node) handOver(node);
  else refuse(problem);
}
