import type { KubeObject } from '../../../../src/lib/kube/types.ts';
import { gatewayClassKind, gatewayRef } from '../../../../src/model/gateway-api.ts';
import { taskListener } from '../../../../src/model/task-listener.ts';
import { makeRoute, makeService } from '../../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask, type TaskPort } from '../../../../src/proof/sample-task/task.ts';
import { makePod, ports } from '../server.ts';

/** The Gateway that a user sets up by hand, as the documentation of the feature has it. */
export const handMade = { name: 'contour', namespace: 'projectcontour', listenerPort: 20_000 } as const;

const { name, namespace, listenerPort } = handMade;

/** GatewayClass and Gateway with the one listener that the first task needs. */
export const gatewayFile: readonly (KubeObject & { readonly spec: object })[] = [
  {
    ...gatewayClassKind,
    metadata: { name },
    spec: { controllerName: 'projectcontour.io/gateway-controller' },
  },
  {
    ...gatewayRef({ name, namespace }),
    spec: {
      gatewayClassName: name,
      listeners: [taskListener(listenerPort)],
    },
  },
];

const task = nameSampleTask({ instance: 'by-hand' }, 'default');
const echo: TaskPort = { protocol: 'http', podPort: ports.small, listenerPort, name: 'echo' };

/** A pod that answers, its Service and its TCPRoute. */
export const taskFile: readonly (KubeObject & { readonly spec: object })[] = [
  makePod(task, echo.name, ['small']),
  makeService(task, echo),
  makeRoute(task, echo, handMade),
];
