// A conference in the ladder: one wide lane for its name, in it a track for each call that was ever there.
import { Callbacks, moment, plain, said, stays } from "./conferences.js";
import { parameters } from "./webhooks.js";

const SAME = 50; // ms between what one thing has noted in the room and at the telephone
const WORTH = 0.32; // of a lane that each track adds to the width of a room
const CHANGES = new Set(["mute", "unmute", "hold", "unhold"]);

const laneOf = (conference) => `room ${conference.friendly_name}`;
const trackOf = (conference, call) => `${laneOf(conference)} ${call}`;
const near = (one, other) => Math.abs(one - other) < SAME;

export class Rooms {
  constructor(conferences, webhooks) {
    this.conferences = conferences;
    this.callbacks = new Callbacks(conferences, webhooks, parameters);
    this.bySid = new Map(conferences.map((conference) => [conference.sid, conference]));
    this.byCall = new Map();
    this.tracks = new Map();
    for (const conference of conferences) {
      const calls = this.tracks.get(laneOf(conference)) || new Set();
      this.tracks.set(laneOf(conference), calls);
      for (const one of conference.participants) {
        calls.add(one.call_sid);
        this.byCall.set(one.call_sid, [...(this.byCall.get(one.call_sid) || []), { one, conference }]);
      }
    }
  }

  /** A room that comes back under its name has the lane that it had. */
  lanes() {
    return [...this.tracks].map(([id, calls]) => ({ id, kind: "room", name: id.slice(5), tracks: [...calls], weight: 1 + WORTH * Math.min(6, calls.size) }));
  }

  /** The lane of the room that a request tells of, if it tells of one. */
  lane(sid) {
    const conference = this.bySid.get(sid);
    return conference ? laneOf(conference) : null;
  }

  /** Where a call is at a moment: {one, conference, track}; null outside. */
  where(call, at) {
    const there = (this.byCall.get(call) || []).find(
      ({ one }) => at >= moment(one.joined_at) - SAME && (one.left_at === null || at <= moment(one.left_at) + SAME),
    );
    return there ? { ...there, track: trackOf(there.conference, call) } : null;
  }

  /** Whether what a call hears at a moment is an announcement to its whole room. */
  isAnnounced({ conference, one }, at) {
    if (one.hold) return false;
    return conference.announcements.some((words) => {
      const begun = moment(words.at);
      return words.to === null && at > begun - SAME && at < begun + words.seconds * 1000 + SAME;
    });
  }

  /** Tells what happened in the rooms; `person` says who holds the telephone of a call. */
  tell(put, person, known) {
    for (const conference of this.conferences) {
      const lane = laneOf(conference);
      const across = [`${lane} <`, `${lane} >`];
      const seen = new Map();
      conference.timeline.forEach((entry, i) => {
        const [at, what, call] = [moment(entry.at), plain(entry.event), entry.call_sid];
        const count = `${entry.event} ${call}`;
        seen.set(count, (seen.get(count) ?? -1) + 1);
        if (what === "error" && known.has(`${conference.sid} ${entry.detail.split(" ", 1)[0]}`)) return;
        const webhook = this.callbacks.of(conference, entry.event, call)[seen.get(count)] ?? null;
        const more = { key: `${conference.sid} ${i}`, conference: conference.sid, of: call, what, detail: entry.detail, webhook };
        const who = person(call);
        if (what === "join") put(at, 7, who, trackOf(conference, call), "join", { ...more, one: this.joining(conference, call, at) });
        else if (what === "leave") put(at, 8.1, trackOf(conference, call), who, "leave", more);
        else if (what === "start") put(at, 7.2, ...across, "mark", more);
        else if (what === "end") put(at, 8.3, ...across, "mark", { ...more, detail: conference.reason });
        else if (what === "error" || what === "ignored") put(at, 3, lane, lane, "note", { ...more, event: what });
        else if (CHANGES.has(what)) put(at, 2, lane, lane, "change", { ...more, who });
      });
      const requests = this.callbacks.words(conference);
      conference.announcements.forEach((words, i) => {
        if (words.status === "waiting") return;
        if (words.to !== null && words.status !== "failed") return; // the telephone of the one who hears it tells
        const more = { key: `${conference.sid} words ${i}`, conference: conference.sid, detail: said(words), wrong: words.status === "failed" };
        put(moment(words.at), 3, ...across, "announce", { ...more, cut: words.status === "cut", webhook: requests[i] });
      });
    }
  }

  joining(conference, call, at) {
    return conference.participants.find((one) => one.call_sid === call && near(moment(one.joined_at), at));
  }

  /** The room from its first row to its last, and the tracks of those in it. */
  bars(rows, place) {
    const found = [];
    for (const conference of this.conferences) {
      const lane = laneOf(conference);
      const own = rows.map((row, i) => ({ row, i })).filter(({ row }) => row.conference === conference.sid);
      if (!own.length) continue;
      const row = (call, at) =>
        own.filter((one) => one.row.of === call || one.row.what === "start").sort((a, b) => Math.abs(a.row.at - at) - Math.abs(b.row.at - at))[0]?.i ?? own[0].i;
      const [begun, over] = ["start", "end"].map((what) => own.find((one) => one.row.what === what)?.i);
      const end = over ?? rows.length;
      const box = { lane: place.get(`${lane} <`), across: place.get(`${lane} >`) - place.get(`${lane} <`) };
      const open = over === undefined;
      if (begun !== own[0].i) found.push({ ...box, key: `${conference.sid} waits`, kind: "room waits", from: own[0].i, to: begun ?? end, open: open && begun === undefined });
      if (begun !== undefined) found.push({ ...box, key: `${conference.sid} runs`, kind: "room", from: begun, to: end, open });
      stays(conference).forEach((stay, i) => {
        const from = row(stay.call_sid, stay.from);
        const to = stay.to === null ? rows.length : row(stay.call_sid, stay.to);
        const at = place.get(trackOf(conference, stay.call_sid));
        found.push({ key: `${conference.sid} stay ${i}`, kind: `track ${stay.manner}`, lane: at, from, to, open: stay.to === null });
      });
    }
    return found;
  }
}
