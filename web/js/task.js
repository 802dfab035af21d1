import { call } from "./session.js";

const POLL_MS = 1000;

/** Starts an audio session; resolves with `{session_id, task_id, playlist}`, rejects with a Trouble. */
export function start(request, key) {
  return call("/audiostream/start/", { method: "POST", body: request, key });
}

/** Whether nothing more will change in a task with this status. */
export function isOver(task) {
  return task.state === "SUCCESS" || task.state === "FAILURE";
}

/**
 * Asks after a task until it is over. `onTask(task)` is called with each answer, `onTrouble(trouble)` at most once.
 * Returns a function that stops.
 */
export function follow(id, key, onTask, onTrouble) {
  let over = false;
  let timer = null;
  const ask = async () => {
    try {
      const task = await call(`/audiostream/task-status/${id}/`, { key });
      if (over) return;
      over = isOver(task);
      onTask(task);
    } catch (trouble) {
      if (over) return;
      // A server that restarts is away for a moment; a session that is gone stays gone.
      if (trouble.code !== "unreachable") {
        over = true;
        onTrouble(trouble);
      }
    }
    if (!over) timer = setTimeout(ask, POLL_MS);
  };
  ask();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
