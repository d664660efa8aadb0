"""Before anything is made, what it will cost: the REST API prices a call, and the call is not made."""


def test_a_call_is_priced_before_it_is_made(desk, scene, aiko, ben):
    desk.opens(scene.line(1), name=f"desk-{scene.block}")
    asked = {"kind": "v-call", "parties": [aiko.number, ben.number], "seconds": 61}
    found = desk.asks("POST", "/api/estimates", asked)
    assert (found["kind"], found["total"]["currency"]) == ("v-call", "USD")
    assert [line["quantity"] for line in found["lines"]][:2] == ["2", "2"]

    wanted = {"parties": [aiko.number, ben.number], "from": scene.line(1), "minutes": 30}
    tried = desk.asks("POST", "/api/calls?dry_run=true", wanted)
    assert tried["kind"] == "conference"
    assert desk.asks("GET", f"/api/calls?number={aiko.number.replace('+', '%2B')}")["calls"] == []
