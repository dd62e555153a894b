#!/usr/bin/env -S node --
// `--`: without it Node.js takes --env-file for its own, and ends where there is no such file yet.
// Plain JavaScript that Node.js 12 can read, so that it can hand over to the one that npm installed beside us.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// undici 8 needs 22.19; 23 got the zstd that it also needs only with 23.8, and is out of support. Types are stripped
// without a warning on stderr from 22.18 and 24.3 on. The same as `engines` in package.json.
const oldest = '22.19 (22.x) or 24.3';
const isNewEnough = ([major, minor]) => major > 24 || (major === 24 && minor >= 3) || (major === 22 && minor >= 19);

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
    `taskgate needs Node.js ${oldest} or newer, ${problem}.\n` +
      'To fix: run `npm ci` in the folder of taskgate, which installs the right one, or install a newer Node.js.\n',
  );
  process.exitCode = 3;
};

const handOver = (node) => {
  const child = spawn(node, ['--', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, forward);
  process.on('SIGINT', () => undefined); // the terminal sends it to both
  child.on('error', ({ message }) => refuse(`and the one that npm installed does not start: ${message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + ({ SIGHUP: 1, SIGINT: 2 }[signal] || 15) : code;
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
