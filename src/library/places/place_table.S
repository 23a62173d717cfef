// The table as tools/pack_places.py makes it.
    .section .rodata.peel_places, "a", %progbits
    .hidden peel_places_begin
    .hidden peel_places_end
    .global peel_places_begin
    .global peel_places_end
    .balign 64
peel_places_begin:
    .incbin PEEL_PLACES_FILE
peel_places_end:
    .balign 64
    .section .note.GNU-stack, "", %progbits
