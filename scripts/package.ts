import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pinnedNodeProject } from './package/node-project.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), 'utf8'));
const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(join(dist, path), `${JSON.stringify(value, undefined, 2)}\n`);

/** What `npm pack` adds to the sources: JavaScript, the templates of a native node, and where the pinned Node.js comes from. */
await rm(dist, { recursive: true, force: true });
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.package.json'], { cwd: root, stdio: 'inherit' });
for (const folder of ['go', 'native', 'python']) {
  await cp(join(root, 'templates', folder), join(dist, 'templates', folder), { recursive: true });
}
const { name, version, type } = (await readJson('package.json')) as Readonly<Record<string, string>>;
await writeJson('package.json', { name, version, type });
const project = pinnedNodeProject(
  await readJson('package-lock.json'),
  (await readFile(join(root, '.nvmrc'), 'utf8')).trim(),
);
await mkdir(join(dist, 'node'));
await writeJson('node/package.json', project.manifest);
await writeJson('node/package-lock.json', project.lock);
