import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { runDir } from '../temporary-dir.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/**
 * 2026-11-26, before the folders of the code were divided anew, and before records had an instanceId; its pins are those of
 * today, so both share the cache. With the first release its tag takes this place.
 */
const earlierCommit = '41e62277e9';

/** This repository at an earlier commit, with its own packages. Throws where the clone is too shallow to have it. */
export const checkOutEarlier = async () => {
  const dir = await runDir('earlier');
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    await execa('git', ['-C', root, 'cat-file', '-e', `${earlierCommit}^{commit}`]).catch((cause) => {
      throw new Error(`no commit ${earlierCommit} in this clone: fetch its whole history (git fetch --unshallow)`, {
        cause,
      });
    });
    await execa('git', ['clone', '--quiet', '--shared', '--no-checkout', root, dir]);
    await execa('git', ['-C', dir, 'checkout', '--quiet', '--detach', earlierCommit]);
    await execa('npm', ['ci', '--no-audit', '--no-fund'], { cwd: dir });
  } catch (error) {
    await remove();
    throw error;
  }
  return { program: join(dir, 'scripts', 'taskgate.js'), remove };
};
