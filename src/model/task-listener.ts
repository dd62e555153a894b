/**
 * The port that Envoy binds for a listener: +8000, wrapped around, privileged ports skipped
 * (contour v1.33.6, internal/gatewayapi/listeners.go toContainerPort).
 */
export const containerPort = (listenerPort: number): number => {
  const shifted = listenerPort + 8000;
  const wrapped = shifted > 65535 ? shifted - 65535 : shifted;
  return wrapped <= 1023 ? wrapped + 1023 : wrapped;
};
