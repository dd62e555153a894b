import { CommandError, type Runner } from '../../src/lib/process/runner.ts';

const probes = [
  ['docker', 'version', '--format', '{{.Server.Version}}'],
  ['minikube', 'version', '--short'],
] as const;

/** Whether this machine has a Docker daemon that answers and Minikube, so that no rig is needed. */
export const hasMinikube = async (runner: Runner, signal: AbortSignal): Promise<boolean> => {
  for (const probe of probes) {
    try {
      await runner(probe, { signal, timeoutMs: 30_000 });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CommandError) return false;
      throw error;
    }
  }
  return true;
};
