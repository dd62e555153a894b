// Tested in test/artifacts/task-image/source.test.ts
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../../lib/process/runner.ts';
import type { Work } from '../item.ts';
import { apt, aptCommand, updateLists } from '../sources/debian.ts';
import { runTool } from '../sources/tool.ts';

/** Deadline of one run of apt or pip. */
export const toolTimeoutMs = 20 * 60_000;

/** With no package installed, apt downloads the wanted ones and all that they need; essential ones that nobody needs stay out. */
export const closureCommand = (aptDir: string, packages: readonly string[]): Command =>
  aptCommand(
    aptDir,
    ...['--option', `Dir::Cache::archives=${join(aptDir, 'debs')}`],
    ...['--yes', '--no-install-recommends', '--download-only', 'install'],
    ...packages,
  );

/**
 * Unpacks packages of the distribution and all that they depend on into a folder; no script of theirs runs. Returns the
 * names of their files, sorted.
 */
export const unpackPackages = async (
  work: Work,
  { dir, packages }: { readonly dir: string; readonly packages: readonly string[] },
): Promise<readonly string[]> => {
  const aptDir = `${dir}.apt`;
  const debsDir = join(aptDir, 'debs');
  await mkdir(join(debsDir, 'partial'), { recursive: true });
  await updateLists(work, aptDir);
  let done = 0;
  const onLine = (line: string) => {
    if (!line.startsWith('Get:')) return;
    done += 1;
    work.report('downloading', `${done} packages of the distribution`, line.split(' ')[4]);
  };
  await runTool(work, closureCommand(aptDir, packages), { tool: apt, onLine, timeoutMs: toolTimeoutMs });
  const debs = (await readdir(debsDir)).filter((name) => name.endsWith('.deb')).toSorted();
  await mkdir(dir, { recursive: true });
  for (const [index, deb] of debs.entries()) {
    work.report('building', `unpacking ${index + 1} of ${debs.length} packages`, deb);
    await runTool(work, ['dpkg-deb', '-x', join(debsDir, deb), dir], { tool: apt });
  }
  return debs;
};
