/** The port that the task serves. */
export const taskPort = 8000;

/** Prints the nonce, for the task log, and answers it at any path: the master does not strip `/proxy/...`. */
const program = `
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
nonce = os.environ["TASKGATE_NONCE"]
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = nonce.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
print(nonce, flush=True)
HTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
`;

export type MasterTaskSpec = {
  /** Needs bash, tar, python3 and determined; default: the master's default image. */
  readonly image?: string;
  /** Default: the master's default pool. */
  readonly resourcePool?: string;
};

/** Configuration of a command without a slot that serves the nonce on {@link taskPort}. */
export const commandConfig = ({ image, resourcePool }: MasterTaskSpec, nonce: string) => ({
  description: 'taskgate smoke',
  entrypoint: ['python3', '-c', program, String(taskPort)],
  resources: { slots: 0, ...(resourcePool && { resource_pool: resourcePool }) },
  environment: {
    environment_variables: [`TASKGATE_NONCE=${nonce}`],
    proxy_ports: [{ proxy_port: taskPort }],
    ...(image && { image }),
  },
});
