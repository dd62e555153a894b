import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { runDir } from '../temporary-dir.ts';
import { type DocCommand, root } from './commands.ts';
import { inSession, onTerminal } from './session.ts';

/** As the pages have it. */
const stateHome = '/tmp/docs-state';
const ownFiles = '/tmp/docs-dt';
const masterPort = 18_090;

export type Shown = { readonly exitCode: number | undefined; readonly output: string };

/** What of a checkout its commands use: what they write stays out of the checkout itself. */
const linkCheckout = async (dir: string): Promise<void> => {
  for (const name of ['package.json', 'node_modules', 'scripts', 'src', 'templates']) {
    await symlink(join(root, name), join(dir, name));
  }
};

const instances = (): Promise<readonly string[]> => readdir(`${stateHome}/taskgate/instances`).catch(() => []);

/** A reader's shell in a checkout, with the state folder and port of the pages. */
export const makeSandbox = async () => {
  const dir = await runDir('docs');
  await linkCheckout(dir);
  const env = {
    XDG_STATE_HOME: stateHome,
    TASKGATE_MASTER_PORT: String(masterPort),
    GITHUB_ENV: join(dir, 'github.env'),
  };
  const run = async (text: string, more: Readonly<Record<string, string>> = {}): Promise<Shown> => {
    const options = { cwd: dir, env: { ...env, ...more }, reject: false, stdin: 'ignore', all: true } as const;
    const { exitCode, all } = await execa('bash', ['-c', text], options);
    return { exitCode, output: all };
  };
  const runInSession = async (text: string, more: Readonly<Record<string, string>>): Promise<Shown> => {
    const { exitCode, output } = await run(inSession(text, join(dir, 'session.sh')), more);
    return { exitCode, output: onTerminal(output) };
  };
  const takeDown = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await run(`npx taskgate down --name ${name} --if-exists`);
  };
  const clear = async (): Promise<void> => {
    await takeDown(await instances());
    for (const folder of [stateHome, ownFiles]) await rm(folder, { recursive: true, force: true });
  };
  await clear(); // of a run that was killed
  await mkdir(stateHome, { mode: 0o700 });
  await mkdir(ownFiles, { mode: 0o700 });
  await copyFile(join(import.meta.dirname, 'mine.yaml'), join(ownFiles, 'mine.yaml'));
  await writeFile(env.GITHUB_ENV, '');
  return {
    dir,
    home: homedir(),
    run,
    /** As `run`, in a shell that goes on: what a command exports is there for the next one. */
    runInSession,
    takeDown,
    read: (name: string): Promise<string> => readFile(join(dir, name), 'utf8'),
    instances,
    close: async (): Promise<void> => {
      await clear();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

export type Sandbox = Awaited<ReturnType<typeof makeSandbox>>;

/** A command of taskgate fails where its page shows an error, and diff where it shows a difference. */
export const isToFail = ({ text, output }: DocCommand): boolean =>
  output.some((line) => /^taskgate: /.test(line)) || (/^diff /.test(text) && output.length > 0);
