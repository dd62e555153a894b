import type { Node } from '../../../src/lib/kube/shapes.ts';

type NodeInput = {
  readonly name?: string;
  readonly address?: string;
  readonly ready?: string;
  readonly spec?: Node['spec'];
};

/** A Node as an API server shows it, as far as we read it. */
export const makeNode = (input: NodeInput = {}): Node => {
  const { name = 'one', address = '10.0.0.2', ready = 'True', spec = {} } = input;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec,
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: ready },
      ],
      addresses: [{ type: 'Hostname', address: name }, ...(address ? [{ type: 'InternalIP', address }] : [])],
    },
  };
};
