/** The three archives of a task: the master's own files, the wheel, and the user's. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { release } from '../version.ts';
import type { TaskSpec } from './task.ts';

export type ArchiveFile = { readonly path: string; readonly content: Buffer | string; readonly mode?: number };

const isFolder = 5;

const archiveOf = async (files: readonly ArchiveFile[], folders: readonly string[] = []): Promise<string> => {
  const archive = pack();
  for (const name of folders) archive.entry({ name, type: 'directory', mode: 0o755 });
  for (const { path, content, mode = 0o644 } of files) archive.entry({ name: path, mode }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks)).toString('base64');
};

/** A file of ROOT/static/srv. Throws an Error with the master's words where it is missing. */
const staticFile = async (root: string, name: string): Promise<Buffer> => {
  const path = join(root, 'static/srv', name);
  return readFile(path).catch(() => {
    throw new Error(`unable to find static file: ${name}: open ${path}: no such file or directory`);
  });
};

const scripts = ['ship-logs.sh', 'ship_logs.py', 'task-setup.sh', 'check_ready_logs.py'] as const;
const entrypoints = {
  command: [['command-entrypoint.sh', 'command-entrypoint.sh']],
  notebook: [['notebook-entrypoint.sh', 'jupyter/notebook-entrypoint.sh']],
  shell: [
    ['shell-entrypoint.sh', 'shell-entrypoint.sh'],
    ['sshd_config', 'ssh/sshd_config'],
  ],
} as const;

const ownFiles = async (root: string, spec: TaskSpec, extra: readonly ArchiveFile[]): Promise<string> => {
  const wanted = [...scripts.map((name) => [name, name] as const), ...entrypoints[spec.kind]];
  const files = await Promise.all(
    wanted.map(async ([name, target]) => ({
      ...{ path: `run/determined/${target}`, content: await staticFile(root, name), mode: 0o755 },
    })),
  );
  return archiveOf([...files, ...extra], ['run/determined/workdir', 'run/determined/info']);
};

/** The wheels of this release in ROOT/wheels; none is no error, as seen. */
const wheels = async (root: string): Promise<string> => {
  const folder = join(root, 'wheels');
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => name.includes(release) && name.endsWith('.whl'),
  );
  const files = names.map(async (name) => ({
    path: `opt/determined/wheels/${name}`,
    content: await readFile(join(folder, name)),
  }));
  return archiveOf(await Promise.all(files), ['opt/determined/wheels']);
};

const userFiles = ({ files }: TaskSpec): Promise<string> => {
  const inside = (path: string) => `run/determined/workdir/${path}`;
  return archiveOf(
    files
      .filter(({ type }) => type !== isFolder && type !== 53)
      .map(({ path, content, mode }) => ({
        ...{ path: inside(path), content: Buffer.from(content, 'base64'), mode: mode & 0o777 },
      })),
    files.filter(({ type }) => type === isFolder || type === 53).map(({ path }) => inside(path)),
  );
};

/** The archives by their names in the ConfigMap, base64. */
export const makeArchives = async (
  root: string,
  spec: TaskSpec,
  extra: readonly ArchiveFile[],
): Promise<Readonly<Record<string, string>>> => ({
  '0.tar.gz': await ownFiles(root, spec, extra),
  '1.tar.gz': await wheels(root),
  '2.tar.gz': await userFiles(spec),
  'k8_init_container_entrypoint.sh': (await staticFile(root, 'k8_init_container_entrypoint.sh')).toString('base64'),
});
