"""What a screen reader reads, for the tests: run by Debian's /usr/bin/python3, which has pyatspi. A JSON
object per line in, one per line out.

Each request names the process it is about ("pid") and what to do ("do"); each answer is {"answer": ...} or
{"error": ...}.
"""

import json
import sys

import pyatspi

INTERACTIVE = {
    "push button",
    "button",
    "toggle button",
    "check box",
    "radio button",
    "combo box",
    "text",
    "entry",
    "password text",
    "spin button",
    "slider",
    "list",
    "tree",
    "table",
    "tree table",
    "menu",
    "menu item",
    "check menu item",
    "radio menu item",
    "page tab",
    "link",
    "dialog",
    "frame",
    "alert",
}
# What was found once is looked at first: a walk through the whole window takes a hundred questions.
KNOWN = {}


def application(pid):
    for app in pyatspi.Registry.getDesktop(0):
        if app and app.get_process_id() == pid:
            app.setCacheMask(pyatspi.cache.NONE)
            return app
    raise LookupError(f"process {pid} is not in the accessibility tree")


def children(node):
    return [child for child in (node.getChildAtIndex(i) for i in range(node.childCount)) if child]


def walk(node):
    """Everything below `node`, nearest first."""
    level = [node]
    while level:
        yield from level
        level = [child for parent in level for child in children(parent)]


def find(request):
    """The first thing with that name (and role), one in sight before a hidden one."""
    key = (request["pid"], request["name"], request.get("role"))
    node = KNOWN.pop(key, None)
    if node is None or not still_there(node, key):
        node = look_for(request)
    KNOWN[key] = node
    return node


def still_there(node, key):
    try:
        return node.name == key[1] and node.getState().contains(pyatspi.STATE_SHOWING)
    except Exception:
        return False


def look_for(request):
    name, role, hidden = request["name"], request.get("role"), None
    for node in walk(application(request["pid"])):
        if node.name == name and role in (None, node.getRoleName()):
            if node.getState().contains(pyatspi.STATE_SHOWING):
                return node
            hidden = hidden or node
    if hidden is None:
        raise LookupError(f"nothing is named {name!r}")
    return hidden


def states(node):
    return [
        pyatspi.stateToString(state).removeprefix("STATE_").lower() for state in node.getState().getStates()
    ]


def describe(request):
    node = find(request)
    return {
        "role": node.getRoleName(),
        "name": node.name,
        "description": node.description,
        "states": states(node),
    }


def rows(request):
    return [{"name": child.name, "states": states(child)} for child in children(find(request))]


def place(request):
    box = find(request).queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    return [box.x, box.y, box.width, box.height]


def act(request):
    return find(request).queryAction().doAction(0)


def text(request):
    return find(request).queryText().getText(0, -1)


def unnamed(request):
    """The roles of controls in sight that have no name, each with its named ancestors."""
    found = []
    for node in walk(application(request["pid"])):
        if (
            node.getRoleName() in INTERACTIVE
            and not node.name
            and node.getState().contains(pyatspi.STATE_SHOWING)
        ):
            trail, above = [], node.parent
            while above is not None and above.getRoleName() != "application":
                trail.append(above.name or above.getRoleName())
                above = above.parent
            found.append(f"{node.getRoleName()} in {' < '.join(trail)}")
    return found


def shown(request):
    """(role, name) of everything in sight."""
    nodes = walk(application(request["pid"]))
    return [
        [node.getRoleName(), node.name] for node in nodes if node.getState().contains(pyatspi.STATE_SHOWING)
    ]


ANSWERS = {
    "describe": describe,
    "rows": rows,
    "place": place,
    "act": act,
    "text": text,
    "unnamed": unnamed,
    "shown": shown,
}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": ANSWERS[request["do"]](request)}
        except Exception as error:  # a window that closes while it is read is nothing unusual
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
