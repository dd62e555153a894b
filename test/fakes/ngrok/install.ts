import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts the stand-in agent into `folder` as a program named `ngrok`, to be put on PATH; gives its path. */
export const installNgrokStandIn = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'ngrok');
  const agent = join(import.meta.dirname, 'agent.ts');
  // the version is asked for at each start, and needs no program of its own
  const version = `[ "$1" = version ] && { echo "ngrok version \${STAND_IN_NGROK_VERSION:-3.36.1}"; exit; }`;
  await writeFile(path, `#!/bin/sh\n# a stand-in, not ngrok\n${version}\nexec '${process.execPath}' '${agent}' "$@"\n`);
  await chmod(path, 0o755);
  return path;
};
