import { sha256 } from '../../lib/files.ts';
import type { TaskImagePin } from '../pins.ts';

/** Goes up when the same packages are put together in another way. */
const recipe = 1;

export type TaskImageKind = { readonly withJupyterlab: boolean };

/** Version of Determined, what else is in it, and what tells one image of that from the next. */
export const taskImageTag = (pin: TaskImagePin, { withJupyterlab }: TaskImageKind): string => {
  const madeOf = [recipe, pin.version, pin.packages, pin.determined, withJupyterlab && pin.jupyterlab];
  const hash = sha256(JSON.stringify(madeOf)).slice(0, 8);
  return [pin.version, ...(withJupyterlab ? ['jupyterlab'] : []), hash].join('-');
};

/**
 * Name of the small task image. No registry has it: the host is none, and a node that has it does not ask, since Determined's
 * pods pull with `IfNotPresent` (determined-ai/determined, master/internal/rm/kubernetesrm/spec.go).
 */
export const taskImageRef = (pin: TaskImagePin, kind: TaskImageKind): string =>
  `taskgate.local/determined-task:${taskImageTag(pin, kind)}`;
