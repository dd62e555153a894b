// Finds or fetches the pinned Node.js for a system whose own is too old. Read by Node.js 12, like taskgate.js.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A checkout has the sources, a package what was built of them. */
export const isCheckout = existsSync(join(root, 'src', 'cli', 'main.ts'));

const name = `node-${process.platform}-${process.arch}`;

/** The pinned programs are linked for glibc at its usual place, which Alpine and NixOS do not have. */
const loaders = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' };

/** Why it does not start here, or an empty text. */
const troubleOf = (node) => {
  const { error, status, stderr } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? '' : `it ended with ${status}: ${stderr.trim()}`;
};

const installedNode = () => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
  } catch (_) {
    return undefined;
  }
};

/** The small project that `npm run prepack` writes: it names the version and the digest of each program. */
const project = join(root, 'dist', 'node');

const nodeIn = (folder) => join(folder, 'node_modules', name, 'bin', 'node');

/** The npm that runs this command, or the one on PATH. */
const npmCommand = () => {
  const running = process.env.npm_execpath || '';
  return running.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];
};

const npmArguments = ['ci', '--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund', '--loglevel=error'];

/** Installs the project in `folder`. Gives why that failed, or an empty text. */
const install = (folder) => {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(project, file), join(folder, file));
  const [program, ...first] = npmCommand();
  // a workspace, a prefix or `omit` of the npm around this command is not meant for it
  const env = Object.keys(process.env).filter((key) => !/^npm_(config_(?!.*(registry|proxy|ca))|package)/i.test(key));
  const { error, stderr } = spawnSync(program, [...first, ...npmArguments], {
    cwd: folder,
    encoding: 'utf8',
    env: Object.fromEntries(env.map((key) => [key, process.env[key]])),
  });
  if (error) return `npm does not start: ${error.message}`;
  // npm does not fail for a missing optional package
  return existsSync(nodeIn(folder)) ? troubleOf(nodeIn(folder)) : `npm did not get it: ${stderr.trim() || 'no reason'}`;
};

/** Moves it to its place; another run may have been first. What stands there without a program is of no use. */
const place = (draft, folder) => {
  if (existsSync(nodeIn(folder))) return;
  rmSync(folder, { recursive: true, force: true });
  chmodSync(draft, 0o755); // its tunnel daemon may run as another user than its command
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(nodeIn(folder))) throw error;
  }
};

/** Whole or not at all, whoever else fetches it at the same time. Gives why not, or an empty text. */
const fetchInto = (folder) => {
  let draft;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    draft = mkdtempSync(`${folder}.`);
    const problem = install(draft);
    if (!problem) place(draft, folder);
    return problem;
  } catch (error) {
    return error.message;
  } finally {
    if (draft) rmSync(draft, { recursive: true, force: true });
  }
};

const fetchNode = () => {
  if (!existsSync(join(project, 'package.json')) || !loaders[process.arch] || process.platform !== 'linux') return {};
  if (!existsSync(loaders[process.arch])) {
    return { problem: `and the pinned one does not start on this system, which has no ${loaders[process.arch]}` };
  }
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'taskgate', 'node', version);
  if (!existsSync(nodeIn(folder))) {
    process.stderr.write(
      `taskgate: Node.js ${process.versions.node} is too old; fetching ${version} by npm, once, to ${folder}\n`,
    );
    const problem = fetchInto(folder);
    if (problem) return { problem: `and the pinned ${version} could not be fetched: ${problem}` };
  }
  return { node: nodeIn(folder) };
};

/** `node`: the pinned program, which starts here; `problem`: why there is none, for the end of a sentence. */
export const findPinnedNode = () => {
  const installed = installedNode();
  if (!installed) return fetchNode();
  const trouble = troubleOf(installed);
  return trouble ? { problem: `and the one that npm installed does not start: ${trouble}` } : { node: installed };
};
