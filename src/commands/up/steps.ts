import type { Step } from '../../task-list/step.ts';
import type { UpContext } from '../context.ts';
import { checkHealth } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { checkOwnership } from './check-ownership.ts';
import { awaitGateway, installGateway } from './install-gateway.ts';
import { mergeContext } from './merge-kubeconfig.ts';
import { openWayBack } from './open-reverse-path.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';
import { proveOtherWay, provePath, startSample } from './prove-path.ts';
import { reachGateway } from './reach-gateway.ts';
import { awaitNode, loadImages, startCluster } from './start-cluster.ts';
import { writeMasterFiles } from './write-master-files.ts';

/** From nothing to a proven path; safe to repeat. Which steps run side by side, each says in its `after`. */
export const upSteps: readonly Step<UpContext>[] = [
  checkMachine,
  checkHealth,
  prepareArtifacts,
  startCluster,
  loadImages,
  mergeContext,
  awaitNode,
  checkOwnership,
  openWayBack,
  installGateway,
  startSample,
  awaitGateway,
  reachGateway,
  writeMasterFiles,
  provePath,
  proveOtherWay,
];
