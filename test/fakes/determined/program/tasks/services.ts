/** What the proxy knows: services by their ids. */
export type Service = {
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https' | 'tcp';
  readonly isUnauthenticated: boolean;
  readonly taskId: string;
};

export type Services = Map<string, Service>;
