import { basename, dirname, join } from 'node:path';
import { instancePaths, nodePaths } from '../../../instance/paths.ts';
import { UserError } from '../../../lib/errors.ts';
import { findTextFile } from '../../../lib/files.ts';
import type { Runner } from '../../../lib/process/runner.ts';
import type { SupervisorSpec } from '../../../supervisor/spec.ts';
import type { ImageStore } from '../../images/store.ts';
import { findSnapshotter } from '../machine/snapshotter.ts';
import { listNodeImages, loadIntoNode, type NodeAccess } from './load.ts';

/** The ctr that came with the containerd that runs, whatever the cache would hold today. */
const findCtr = async (instanceDir: string): Promise<string | undefined> => {
  const text = await findTextFile(instancePaths(instanceDir).supervisorSpecPath);
  const { children = [] } = text === undefined ? {} : (JSON.parse(text) as Partial<SupervisorSpec>);
  const [program] = children.find(({ name }) => name === 'containerd')?.command ?? [];
  return program && join(dirname(program), 'ctr');
};

type Tools = { readonly runner: Runner; readonly findNodePid: () => Promise<number | undefined> };

/** The images of a native node. Throws UserError `cluster.stopped` where that does not run. */
export const nodeStore = (instanceDir: string, { runner, findNodePid }: Tools): ImageStore => {
  const { configDir, nodeDir } = nodePaths(instanceDir);
  const access = async (): Promise<NodeAccess> => {
    const [nodePid, ctr] = await Promise.all([findNodePid(), findCtr(instanceDir)]);
    if (nodePid === undefined || ctr === undefined)
      throw new UserError("the instance's node does not run", {
        id: 'cluster.stopped',
        hint: `start it: taskgate up --name ${basename(instanceDir)}`,
      });
    const snapshotter = await findSnapshotter(join(configDir, 'containerd.toml'));
    return { ctr, nodePid, snapshotter, nodeDir, runner };
  };
  return {
    source: "the node's containerd",
    list: async (limits) => listNodeImages(await access(), limits),
    load: async (archive, limits) => loadIntoNode(archive, await access(), limits),
  };
};
