"""XMP sidecars as programs write them: the same things said in other words of RDF."""

LIGHTROOM = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00        ">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   xmp:Label="Red"
   xmp:CreatorTool="Adobe Lightroom Classic 13.0"
   xmp:CreateDate="2019-07-13T14:22:10.35"
   tiff:Orientation="8"
   exif:DateTimeOriginal="2019-07-13T14:22:10.35"
   exif:GPSLatitude="38,43.3314N"
   exif:GPSLongitude="9,8.3598W"
   exif:GPSAltitude="1234/10"
   exif:GPSAltitudeRef="0"
   photoshop:DateCreated="2019-07-13T14:22:10.35"
   crs:Exposure2012="+0.35">
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Tram 28</rdf:li>
    </rdf:Alt>
   </dc:title>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Alfama, &quot;uphill&quot; &amp; slow</rdf:li>
    </rdf:Alt>
   </dc:description>
   <dc:creator>
    <rdf:Seq>
     <rdf:li>Ana Sousa</rdf:li>
     <rdf:li>Bo Ek</rdf:li>
    </rdf:Seq>
   </dc:creator>
   <dc:rights>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">\u00a9 Ana Sousa</rdf:li>
    </rdf:Alt>
   </dc:rights>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Lisbon</rdf:li>
     <rdf:li>tram</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>Places|Portugal|Lisbon</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   exif:DateTimeOriginal="2021:02:03 04:05:06"
   xmp:Rating="-1"
   xmpMM:DerivedFrom="one.jpg"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="flip"
      darktable:enabled="1"
      darktable:params="ffffffff"/>
    </rdf:Seq>
   </darktable:history>
   <dc:subject>
    <rdf:Seq>
     <rdf:li>blurred</rdf:li>
     <rdf:li>\u96ea</rdf:li>
    </rdf:Seq>
   </dc:subject>
   <dc:creator>
    <rdf:Seq>
     <rdf:li>Ana Sousa</rdf:li>
    </rdf:Seq>
   </dc:creator>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    digiKam:PickLabel="0"
    digiKam:ColorLabel="3"
    MicrosoftPhoto:Rating="50">
   <xmp:Rating>3</xmp:Rating>
   <xmp:Label>Yellow</xmp:Label>
   <tiff:Orientation>1</tiff:Orientation>
   <exif:DateTimeOriginal>2022-12-24T18:00:00</exif:DateTimeOriginal>
   <exif:GPSLatitude>33,51,30S</exif:GPSLatitude>
   <exif:GPSLongitude>151,12.5E</exif:GPSLongitude>
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>People/Ana</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Ana</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="de-DE">Heiligabend</rdf:li>
     <rdf:li xml:lang="x-default">Christmas Eve</rdf:li>
    </rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def with_other_prefixes(text):
    """The same to whoever reads namespaces, and another thing to whoever reads names."""
    for old, new in (("rdf", "r"), ("dc", "dublin"), ("xmp", "xap"), ("exif", "e")):
        text = text.replace(f"xmlns:{old}=", f"xmlns:{new}=")
        for before in ("<", "</", " "):
            text = text.replace(f"{before}{old}:", f"{before}{new}:")
    return text


STYLES = {
    "lightroom": LIGHTROOM.encode(),
    "darktable": DARKTABLE.encode(),
    "digikam": DIGIKAM.encode(),
    "other prefixes": with_other_prefixes(LIGHTROOM).encode(),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + DARKTABLE.split("\n", 1)[1].encode(),
    # The mark within the packet, as Adobe has it, and before all, as XML has it.
    "UTF-16 big": ("<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>" + LIGHTROOM).encode("utf-16-be"),
    "UTF-16 little": ("\ufeff" + DARKTABLE.replace("UTF-8", "UTF-16")).encode("utf-16-le"),
}


def saying(**of):
    """A small sidecar: rating, title, keywords."""
    inner = "".join(f"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>{of['title']}</rdf:li></rdf:Alt></dc:title>"
                    if name == "title" else
                    "<dc:subject><rdf:Bag>" + "".join(f"<rdf:li>{word}</rdf:li>" for word in of[name]) +
                    "</rdf:Bag></dc:subject>" if name == "keywords" else f"<xmp:Rating>{of[name]}</xmp:Rating>"
                    for name in of)
    return ("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
            "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' "
            f"xmlns:xmp='http://ns.adobe.com/xap/1.0/'>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>")
