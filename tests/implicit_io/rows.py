"""What SQLAlchemy does, row by row, as programs over the schema of `models`. `# fails` and `# ok` are what a read shows in every run.

`[1.4]` behind it: there the row is left out, for it does something else.
"""

from __future__ import annotations

LOAD = "x = (await session.scalars(select(Owner).where(Owner.id == a))).one()"
ITEM = "x = (await session.scalars(select(Item).where(Item.id == a))).one()"
FULL = LOAD.replace("== a)", "== a).options(selectinload(Owner.items))")

#: name -> the lines, and whether the session expires on commit
ROWS: dict[str, tuple[str, str]] = {
    # instances that were made here
    "made, not added": ("keeping", "x = Owner()\nx.items  # ok\nx.bio  # ok\nx.locks  # ok\nx.loud  # ok\nx.profile  # ok"),
    "added, not flushed": ("keeping", "x = Owner()\nsession.add(x)\nx.items  # ok\nx.bio  # ok\nx.locks  # ok\nx.badges  # ok"),
    "inserted, never set": (
        "keeping",
        "x = Owner()\nsession.add(x)\nawait session.flush()\nx.id  # ok\nx.name  # ok\nx.items  # fails\nx.bio  # fails\nx.badges  # fails\nx.profile  # fails\nx.locks  # fails\nx.loud  # fails",
    ),
    "inserted, set before": (
        "keeping",
        'x = Owner(items=[], bio="b", badges=[], profile=None)\nsession.add(x)\nawait session.flush()\nx.items  # ok\nx.bio  # ok\nx.badges  # ok\nx.profile  # ok',
    ),
    "inserted, no key": ("keeping", "x = Item()\nsession.add(x)\nawait session.flush()\nx.owner  # ok\nx.note  # fails"),
    "inserted, with a key": ("keeping", "x = Item(owner_id=a)\nsession.add(x)\nawait session.flush()\nx.owner  # fails"),
    "inserted by a query's flush": (
        "keeping",
        "x = Owner()\nsession.add(x)\nawait session.execute(select(Item.id))\nx.items  # fails",
    ),
    "read before the flush is not set": (
        "keeping",
        "x = Owner()\nx.items  # ok\nsession.add(x)\nawait session.flush()\nx.items  # fails",
    ),
    "a child made before the flush": (
        "keeping",
        "x = Owner()\nsession.add(x)\ny = Item(owner=x)\nsession.add(y)\nawait session.flush()\nx.items  # ok\ny.owner  # ok",
    ),
    "a key given to a pending child": (
        "keeping",
        "x = Item(owner_id=a)\nsession.add(x)\nx.owner  # ok\nawait session.flush()\nx.name  # ok",
    ),
    # instances that were loaded
    "selected": (
        "keeping",
        f"{LOAD}\nx.id  # ok\nx.name  # ok\nx.loud  # ok\nx.badges  # ok\nx.bio  # fails\nx.items  # fails\nx.profile  # fails\nx.locks  # fails",
    ),
    "selected, the many's side": ("keeping", f"{ITEM}\nx.owner_id  # ok\nx.note  # fails\nx.owner  # fails"),
    "got": ("keeping", "x = await session.get(Owner, a)\nx.name  # ok\nx.badges  # ok\nx.items  # fails\nx.bio  # fails"),
    "updated": (
        "keeping",
        f'{FULL}\nx.name = "n"\nawait session.flush()\nx.name  # ok\nx.items  # ok\nx.badges  # ok\nx.stamp  # fails\nx.loud  # fails\nx.bio  # fails',
    ),
    "updated by a query's flush": (
        "keeping",
        f'{LOAD}\nx.name = "n"\nawait session.execute(select(Item.id))\nx.loud  # fails\nx.name  # ok',
    ),
    "assigned SQL": ("keeping", f'{LOAD}\nx.name = func.lower("N")\nawait session.flush()\nx.name  # fails\nx.made  # ok'),
    "committed, expiring": ("expiring", f"{FULL}\nawait session.commit()\nx.id  # fails"),
    "committed, expiring, related": ("expiring", f"{FULL}\nawait session.commit()\nx.items  # fails"),
    "committed, expiring, eager": ("expiring", f"{LOAD}\nawait session.commit()\nx.badges  # fails"),
    "committed, keeping": ("keeping", f"{FULL}\nawait session.commit()\nx.id  # ok\nx.items  # ok\nx.badges  # ok\nx.bio  # fails"),
    "rolled back": ("keeping", f"{FULL}\nawait session.rollback()\nx.name  # fails"),
    "rolled back, nothing open": ("keeping", f"{FULL}\nawait session.commit()\nawait session.rollback()\nx.name  # ok\nx.items  # ok"),
    "added, rolled back": (
        "keeping",
        'x = Owner(name="n")\nsession.add(x)\nawait session.flush()\nawait session.rollback()\nx.name  # ok\nx.items  # ok\nx.id  # ok',
    ),
    "expired": ("keeping", f"{FULL}\nsession.expire(x)\nx.items  # fails"),
    "all expired": ("keeping", f"{FULL}\nsession.expire_all()\nx.id  # fails"),
    "one expired": ("keeping", f'{FULL}\nsession.expire(x, ["name"])\nx.id  # ok\nx.items  # ok\nx.name  # fails'),
    "refreshed": ("keeping", f"{LOAD}\nawait session.refresh(x)\nx.name  # ok\nx.badges  # ok\nx.items  # fails\nx.bio  # fails\nx.locks  # fails"),
    "refreshed by name": (
        "keeping",
        f'{LOAD}\nawait session.refresh(x, ["items"])\nx.items  # ok [1.4]\nx.id  # ok\nx.bio  # fails',
    ),
    "refreshed by name, then whole": (
        "keeping",
        f'{LOAD}\nawait session.refresh(x, ["items"])\nawait session.refresh(x)\nx.items  # fails [1.4]',
    ),
    "a column refreshed of an expired": (
        "expiring",
        f'{LOAD}\nawait session.commit()\nawait session.refresh(x, ["name"])\nx.name  # ok\nx.id  # fails',
    ),
    "loaded with an option, refreshed": ("expiring", f"{FULL}\nawait session.commit()\nawait session.refresh(x)\nx.items  # ok\nx.name  # ok"),
    "assigned, refreshed": ("keeping", f"{FULL}\nx.profile = None\nawait session.refresh(x)\nx.profile  # fails"),
    "merged, there already": ("keeping", f"{FULL}\ny = await session.merge(x)\ny.items  # ok\ny.bio  # fails"),
    "merged, new": ("keeping", "x = Owner()\ny = await session.merge(x)\ny.items  # ok\ny.bio  # ok"),
    "a savepoint": (
        "keeping",
        f'{FULL}\nasync with session.begin_nested():\n    x.name = "n"\nx.name  # ok\nx.items  # ok\nx.stamp  # fails',
    ),
    "expunged": ("keeping", f"{FULL}\nsession.expunge(x)\nx.name  # ok\nx.items  # ok\nx.badges  # ok\nx.bio  # fails\nx.profile  # fails\nx.locks  # fails"),
    "closed": ("keeping", f"{FULL}\nawait session.close()\nx.items  # ok\nx.bio  # fails"),
    "committed, expiring, closed": ("expiring", f"{FULL}\nawait session.commit()\nawait session.close()\nx.id  # fails"),
    "expunged and added again": ("keeping", f"{FULL}\nsession.expunge(x)\nsession.add(x)\nx.items  # ok\nx.bio  # fails"),
    "deleted and flushed": ("keeping", f"{LOAD}\nawait session.delete(x)\nawait session.flush()\nx.name  # ok\nx.loud  # ok\nx.bio  # fails"),
    "deleted, the many's side": ("keeping", f"{ITEM}\nawait session.delete(x)\nawait session.flush()\nx.name  # ok\nx.owner  # fails"),
    "deleted and committed": ("expiring", f"{LOAD}\nawait session.delete(x)\nawait session.commit()\nx.name  # ok\nx.bio  # fails"),
    "a bulk update that says nothing": (
        "keeping",
        f"{LOAD}\nawait session.execute(update(Owner).values(name=\"n\").execution_options(synchronize_session=False))\nx.name  # ok\nx.bio  # fails",
    ),
    "a bulk delete": (
        "keeping",
        f"{LOAD}\nawait session.execute(delete(Owner).where(Owner.id == b))\nx.name  # ok\nx.bio  # fails",
    ),
    "expired, then selected again": ("expiring", f"{LOAD}\nawait session.commit()\n{LOAD}\nx.name  # ok\nx.items  # fails"),
    # what is done with them
    "a column is assigned unread": ("keeping", f'{LOAD}\nx.bio = "b"  # ok\nx.bio  # ok'),
    "a column of an expired is assigned": ("expiring", f'{LOAD}\nawait session.commit()\nx.name = "n"\nx.name  # ok\nx.id  # fails'),
    "of an expired, flushed": ("expiring", f'{LOAD}\nawait session.commit()\nx.name = "n"\nawait session.flush()\nx.id  # ok\nx.name  # ok\nx.items  # fails'),
    "the one side is assigned": ("keeping", f"{ITEM}\nx.owner = Owner()  # ok\nx.owner  # ok"),
    "the one side is taken away": ("keeping", f"{ITEM}\nx.owner = None  # ok\nx.owner  # ok"),
    "one of one is assigned": ("keeping", f"{LOAD}\nx.profile = Profile()  # ok\nx.profile  # ok"),
    "a child of one that is not loaded": ("keeping", f"{LOAD}\ny = Item(owner=x)\ny.owner  # ok\nx.items  # fails"),
    "append, not loaded": ("keeping", f"{LOAD}\nx.items.append(Item())  # fails"),
    "replaced, not loaded": ("keeping", f"{LOAD}\nx.items = []  # fails"),
    "append, loaded": ("keeping", f"{FULL}\nx.items.append(Item())  # ok\nx.items  # ok"),
    "append, eager": ("keeping", f"{LOAD}\nx.badges.append(Badge())  # ok"),
    "append, expired": ("expiring", f"{LOAD}\nawait session.commit()\nx.badges.append(Badge())  # fails"),
    "append, detached": ("keeping", f"{LOAD}\nsession.expunge(x)\nx.items.append(Item())  # fails"),
    "refused, replaced": ("keeping", f"{LOAD}\nx.locks = []  # fails"),
    # one after the other
    "the target is at hand": (
        "keeping",
        "y = await session.get(Owner, a)\nx = await session.get(Item, a)\nx.owner_id  # ok\ny.name  # ok",
    ),
    "a key set to none": ("keeping", f"{ITEM}\nx.owner_id = None\nx.name  # ok"),
    "a later query fills in": (
        "keeping",
        "x = await session.get(Owner, a)\ny = (await session.scalars(select(Owner).where(Owner.id == a).options(selectinload(Owner.items)))).one()\nx.items  # ok\ny.items  # ok",
    ),
    "got anew with an option": (
        "keeping",
        "x = await session.get(Owner, a)\ny = await session.get(Owner, a, options=[selectinload(Owner.items)], populate_existing=True)\ny.items  # ok\nx.items  # ok",
    ),
    "a turn after a commit": (
        "expiring",
        "x = (await session.scalars(select(Owner).where(Owner.id == a))).one()\nx.name  # ok\nawait session.commit()\nx.name  # fails",
    ),
    "a child of an expired owner": (
        "expiring",
        f"{LOAD}\ny = Item(owner=x)\nsession.add(y)\nawait session.commit()\nawait session.refresh(y)\ny.owner_id  # ok\nx.name  # fails",
    ),
    "taken along by what is added": (
        "keeping",
        "y = Owner()\nx = Item(owner=y)\nsession.add(x)\nawait session.flush()\nx.owner  # ok\ny.name  # ok\ny.bio  # fails\ny.locks  # fails",
    ),
    "taken along by a collection": (
        "keeping",
        f"{FULL}\ny = Item()\nx.items.append(y)\nawait session.flush()\ny.owner  # ok\ny.note  # fails\nx.loud  # fails",
    ),
    "merged after a flush of its own": (
        "keeping",
        "x = Owner()\nsession.add(x)\ny = await session.merge(x)\ny.items  # fails\ny.name  # ok",
    ),
    "no flush before a query": (
        "keeping",
        "x = Owner()\nsession.add(x)\nwith session.no_autoflush:\n    await session.execute(select(Item.id))\n    x.items  # ok",
    ),
    "fails on both ways": ("expiring", f"{LOAD}\nif a == 1:\n    await session.commit()\nx.items  # fails"),
    "detached on one way only": ("keeping", f"{FULL}\nif a == 1:\n    session.expunge(x)\nx.items  # ok\nx.bio  # fails"),
    "known by its session alone": ("keeping", f"{FULL}\ny = x.items[0]  # ok\nawait session.close()\ny.owner  # fails"),
    "deleted, then let go": ("keeping", f"{LOAD}\nawait session.delete(x)\nsession.expunge(x)\nx.name  # ok\nx.items  # fails"),
    "two rows by their keys": (
        "expiring",
        "x = await session.get(Owner, 1)\ny = await session.get(Owner, 2)\nawait session.commit()\nawait session.refresh(x)\nx.name  # ok\ny.name  # fails",
    ),
    # one after the other, and again
    "detached, then deleted": (
        "keeping",
        "x = Item()\nsession.add(x)\nawait session.commit()\nawait session.close()\nawait session.delete(x)\nx.owner  # ok",
    ),
    "detached, then added": (
        "keeping",
        "x = Item()\nsession.add(x)\nawait session.flush()\nsession.expunge(x)\nsession.add(x)\nx.owner  # ok",
    ),
    "sent by a savepoint, rolled back": (
        "keeping",
        "x = Owner()\nsession.add(x)\nasync with session.begin_nested():\n    x.name  # ok\nawait session.rollback()\nx.bio  # ok\nx.items  # ok",
    ),
    "gone by a bulk delete, closed": (
        "keeping",
        'x = Item()\nsession.add(x)\nawait session.execute(delete(Item).where(Item.name == None).execution_options(synchronize_session="fetch"))\nawait session.close()\nx.owner  # ok',
    ),
    "a copy brings what hangs on it": (
        "keeping",
        "x = Item(owner=Owner())\nsession.add(x)\nawait session.rollback()\ny = await session.merge(x)\nz = await session.get(Owner, 4)\nz.items  # ok",
    ),
    "only one column, met below another": (
        "expiring",
        f"{LOAD.replace('== a)', '== a).options(load_only(Owner.name))')}\ny = (await session.scalars(select(Item).where(Item.owner_id == a).options(joinedload(Item.owner).undefer(Owner.bio)))).one()\nx.made  # ok",
    ),
    "deleted, committed, rolled back": (
        "expiring",
        f"{LOAD}\nawait session.delete(x)\nawait session.commit()\nawait session.execute(select(Item.id))\nawait session.rollback()\nx.id  # ok\nx.name  # ok\nx.bio  # fails",
    ),
    "of one that is deleted": (
        "keeping",
        f"{LOAD}\ny = (await session.scalars(select(Item).where(Item.owner_id == a).options(load_only(Item.name)))).one()\nawait session.delete(x)\nawait session.flush()\ny.owner  # ok",
    ),
    "merged when its row has gone": (
        "expiring",
        f"{LOAD}\nawait session.delete(x)\ny = await session.merge(x)\nsession.expire_all()\ny.loud  # ok\ny.name  # ok",
    ),
    "the key comes with the one side": (
        "keeping",
        f"{ITEM.replace('== a)', '== a).options(load_only(Item.name))')}\nawait session.refresh(x, [\"owner\"])\nx.owner_id  # ok [1.4]",
    ),
    "with an expired key comes everything": (
        "expiring",
        f"{ITEM}\nawait session.commit()\nawait session.refresh(x, [\"owner\"])\nx.name  # ok [1.4]",
    ),
    "expired, then deleted": (
        "expiring",
        f"{ITEM.replace('== a)', '== a).options(joinedload(Item.owner))')}\nsession.expire(x)\nawait session.delete(x)\nawait session.flush()\nx.owner  # ok\nx.name  # ok",
    ),
    "expired, a child is sent": (
        "expiring",
        f"{LOAD}\nawait session.commit()\ny = Item(owner=x)\nsession.add(y)\nawait session.flush()\nx.loud  # ok\nx.name  # ok\nx.items  # fails",
    ),
    "the same is assigned": (
        "keeping",
        f"{ITEM.replace('== a)', '== a).options(joinedload(Item.owner))')}\ny = x.owner  # ok\nx.owner = y  # ok\nawait session.flush()\ny.loud  # ok",
    ),
    # options
    "below an option": ("keeping", f"{FULL}\ny = x.items[0]  # ok\ny.owner  # ok\ny.note  # fails"),
    "a path": (
        "keeping",
        f"{LOAD.replace('== a)', '== a).options(selectinload(Owner.items).undefer(Item.note))')}\ny = x.items[0]  # ok\ny.note  # ok",
    ),
    "joined": ("keeping", f"{ITEM.replace('== a)', '== a).options(joinedload(Item.owner))')}\nx.owner  # ok\ny = x.owner  # ok\ny.items  # fails\ny.badges  # ok"),
    "undeferred": ("keeping", f"{LOAD.replace('== a)', '== a).options(undefer(Owner.bio))')}\nx.bio  # ok"),
    "only one column": (
        "keeping",
        f"{LOAD.replace('== a)', '== a).options(load_only(Owner.name))')}\nx.id  # ok\nx.name  # ok\nx.badges  # ok\nx.made  # fails\nx.loud  # fails",
    ),
    "without its key": ("keeping", f"{ITEM.replace('== a)', '== a).options(load_only(Item.name))')}\nx.owner_id  # fails\nx.owner  # fails"),
    "one column left out": ("keeping", f"{LOAD.replace('== a)', '== a).options(defer(Owner.name))')}\nx.made  # ok\nx.name  # fails"),
    "eagerness taken away": ("keeping", f"{LOAD.replace('== a)', '== a).options(lazyload(Owner.badges))')}\nx.badges  # fails"),
    "refused by an option": ("keeping", f"{LOAD.replace('== a)', '== a).options(raiseload(Owner.items))')}\nx.items  # fails\nx.badges  # ok"),
    "refused by the mapping, asked for": ("keeping", f"{LOAD.replace('== a)', '== a).options(selectinload(Owner.locks))')}\nx.locks  # ok"),
    "joined without a say": ("keeping", f"{LOAD.replace('select(Owner)', 'select(Owner).join(Owner.items)')}\nx.items  # fails"),
    "every relationship": ("keeping", LOAD.replace("== a)", '== a).options(selectinload("*"))') + "\nx.items  # ok\nx.bio  # fails"),
    # values that the database makes
    "a default of the database": ("keeping", "x = Owner()\nsession.add(x)\nawait session.flush()\nx.made  # ok [1.4]\nx.stamp  # ok"),
}
