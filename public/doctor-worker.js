// The page's own program once more, without a page: it reads logs (src/ui/doctor/worker.rs).
const failed = reason => postMessage(["failed", String(reason)]);
addEventListener("error", event => failed(event.message));
addEventListener("unhandledrejection", event => failed(event.reason));
addEventListener("message", async ({ data: [program, module] }) => {
  try {
    await (await import(program)).default({ module_or_path: module });
  } catch (reason) {
    failed(reason);
  }
}, { once: true });
