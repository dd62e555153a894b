#!/usr/bin/env -S node --
// `--`: without it Node.js takes --env-file for its own, and ends where there is no such file yet.
// Plain JavaScript that Node.js 12 can read, so that it can hand over to the one that npm installed beside us.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldest = [22, 19];

const isNewEnough = ([major, minor]) => major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);

const findPinnedNode = () => {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', 'node');
  } catch {
    return undefined;
  }
};

const refuse = (problem) => {
  process.stderr.write(
    `taskgate needs Node.js ${oldest.join('.')} or newer, ${problem}.\n` +
      'To fix: run `npm ci` in the folder of taskgate, which brings the right one, or install a newer Node.js.\n',
  );
  process.exitCode = 3;
};

const handOver = (node) => {
  const child = spawn(node, ['--', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward);
  process.on('SIGINT', () => undefined); // the terminal sends it to both
  child.on('error', ({ message }) => refuse(`and the one that npm installed does not start: ${message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code;
  });
};

if (isNewEnough(process.versions.node.split('.').map(Number))) {
  import('../src/cli/main.ts')
    .then(({ main }) => main(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  const node = findPinnedNode();
  if (node) handOver(node);
  else refuse(`this is ${process.versions.node}`);
}
